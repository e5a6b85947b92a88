"""`/users/<name>` and `/@<scope>`: public profiles with the plugins they publish."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.cache_marks import InvalidatedBy, cacheable
from marketplace.pages.listing import LIST_PARAMETERS, build_listing_context
from marketplace.queries.lists import get_account_page, get_scope_page
from marketplace.search.parameters import SearchParameters
from registry.api.viewers import get_page_viewer


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE, *LIST_PARAMETERS)
def render_user(request: HttpRequest, username: str) -> HttpResponse:
    """An account, its scopes and its plugins. Raises `UnknownUserError`."""
    parameters = SearchParameters(request, is_lenient=True)
    query = parameters.parse_search_query()
    profile = get_account_page(username, query, get_page_viewer(request))
    context = build_listing_context(request, query, profile.page, parameters.ignored_parameters)
    return render(request, "pages/user.html", {**context, "profile": profile})


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE, *LIST_PARAMETERS)
def render_scope(request: HttpRequest, scope: str) -> HttpResponse:
    """A scope, its owner and its plugins. Raises `UnknownScopeError`."""
    parameters = SearchParameters(request, is_lenient=True)
    query = parameters.parse_search_query()
    profile = get_scope_page(scope, query, get_page_viewer(request))
    context = build_listing_context(request, query, profile.page, parameters.ignored_parameters)
    return render(request, "pages/scope.html", {**context, "profile": profile})
