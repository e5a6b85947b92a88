"""`/publications/<id>/decide`: what an owner or maintainer decides about a staged release."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.pages.current_user import get_signed_in_user
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from plugport.spec.errors import PlugportError
from registry.actions.decide_staged import approve_staged, discard_staged
from registry.queries.catalog import get_publication_page

_DECISIONS = {"approve": (approve_staged, "published"), "discard": (discard_staged, "discarded")}


@require_POST
@never_cache
@login_required
def decide(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Publish or discard the release, and show its page again: 5 queries before the decision."""
    actor = get_signed_in_user(request)
    release = get_publication_page(public_id, actor=actor, columns=())
    address = reverse("publication", args=[public_id])
    decision = _DECISIONS.get(request.POST.get("decision", ""))
    if decision is None:
        messages.error(request, "The form is not complete. Nothing was changed.")
        return redirect(address)
    if not is_confirmed(request):
        return redirect_to_confirmation(address)
    act, participle = decision
    try:
        act(actor=actor, release=release)
    except PlugportError as error:
        messages.error(request, f"{error.detail} {error.hint or ''}".strip())
    else:
        messages.success(request, f"{release} is {participle}.")
    return redirect(address)
