"""`/users/<name>` and `/@<scope>`: who publishes what."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace.list_queries import read_account, read_scope
from marketplace.pages.listing import build_listing
from marketplace.search.parameters import Reading


@require_safe
def show_user(request: HttpRequest, username: str) -> HttpResponse:
    """An account: since when, its scopes, its plugins."""
    reading = Reading(request, is_lenient=True)
    query = reading.read_search()
    shown = read_account(username, query)
    context = build_listing(request, query, shown.page, reading.left_out) | {"shown": shown}
    return render(request, "pages/user.html", context)


@require_safe
def show_scope(request: HttpRequest, scope: str) -> HttpResponse:
    """A scope: whose it is, whether it is official, its plugins."""
    reading = Reading(request, is_lenient=True)
    query = reading.read_search()
    shown = read_scope(scope, query)
    context = build_listing(request, query, shown.page, reading.left_out) | {"shown": shown}
    return render(request, "pages/scope.html", context)
