"""`/account`: what is yours."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from accounts.queries import list_tokens
from marketplace.actor import get_reader
from marketplace.paging import build_paging
from marketplace.queries import list_own_plugins
from registry.api.v1.parameters import read_number
from registry.queries import MAX_PAGE


@require_safe
@never_cache
@login_required
def show_account(request: HttpRequest) -> HttpResponse:
    """Your plugins with the state of the latest upload of each, and your tokens."""
    user = get_reader(request)
    own = list_own_plugins(user, page=read_number(Request(request), "page", 1, MAX_PAGE))
    context = {
        "own": own,
        "paging": build_paging(request.GET, number=own.number, pages=own.pages),
        "tokens": list_tokens(user),
    }
    return render(request, "pages/account.html", context)
