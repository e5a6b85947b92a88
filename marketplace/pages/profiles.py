"""`/users/<name>` and `/@<name>`: profiles of accounts, organizations and scopes, with their plugins."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.errors import UnknownUserError
from common.cache_marks import InvalidatedBy, cacheable
from marketplace.pages.listing import LIST_PARAMETERS, build_listing_context
from marketplace.queries.lists import (
    OrganizationPage,
    find_organization_page,
    get_account_page,
    get_scope_page,
    is_organization,
)
from marketplace.search.parameters import SearchParameters
from marketplace.search.query import SearchQuery
from registry.api.viewers import get_page_viewer


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE, *LIST_PARAMETERS)
def render_user(request: HttpRequest, username: str) -> HttpResponse:
    """An account, its scopes and its plugins. Raises `UnknownUserError`.

    Redirects to the profile of an organization with the name: lists of owners have both.
    """
    parameters = SearchParameters(request, is_lenient=True)
    query = parameters.parse_search_query()
    try:
        profile = get_account_page(username, query, get_page_viewer(request))
    except UnknownUserError:
        if is_organization(username):
            return redirect("scope", username, permanent=True)
        raise
    context = build_listing_context(request, query, profile.page, parameters.ignored_parameters)
    return render(request, "pages/user.html", {**context, "profile": profile})


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE, *LIST_PARAMETERS)
def render_scope(request: HttpRequest, scope: str) -> HttpResponse:
    """An organization or a scope, and its plugins. Raises `UnknownScopeError`."""
    parameters = SearchParameters(request, is_lenient=True)
    query = parameters.parse_search_query()
    viewer = get_page_viewer(request)
    organization = find_organization_page(scope, query, viewer)
    if organization is not None:
        return _render_organization(request, query, organization, parameters)
    profile = get_scope_page(scope, query, viewer)
    context = build_listing_context(request, query, profile.page, parameters.ignored_parameters)
    return render(request, "pages/scope.html", {**context, "profile": profile})


def _render_organization(
    request: HttpRequest,
    query: SearchQuery,
    profile: OrganizationPage,
    parameters: SearchParameters,
) -> HttpResponse:
    context = build_listing_context(request, query, profile.page, parameters.ignored_parameters)
    return render(request, "pages/organization.html", {**context, "profile": profile})
