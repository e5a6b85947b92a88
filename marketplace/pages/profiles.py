"""`/@<name>`: profiles of accounts, organizations and scopes, with their plugins."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.errors import UnknownUserError
from common.cache_marks import InvalidatedBy, cacheable
from marketplace.pages.listing import LIST_PARAMETERS, build_listing_context
from marketplace.queries.lists import (
    AccountPage,
    OrganizationPage,
    ScopePage,
    find_profile_owner,
    get_account_page,
    get_organization_page,
    get_scope_page,
)
from marketplace.search.parameters import SearchParameters
from marketplace.search.query import SearchQuery
from plugport.spec.text import quote_text
from registry.api.viewers import get_page_viewer
from registry.queries.visible import Viewer


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE, *LIST_PARAMETERS)
def render_profile(request: HttpRequest, owner: str) -> HttpResponse:
    """A person, an organization, or another scope of one of them. Raises `UnknownScopeError`."""
    parameters = SearchParameters(request, is_lenient=True)
    query = parameters.parse_search_query()
    template, profile = _get_profile(owner, query, get_page_viewer(request))
    context = build_listing_context(request, query, profile.page, parameters.ignored_parameters)
    return render(request, template, {**context, "profile": profile})


def _get_profile(
    name: str, query: SearchQuery, viewer: Viewer
) -> tuple[str, AccountPage | OrganizationPage | ScopePage]:
    """The template and the content of the profile: 5 queries, 6 for an organization."""
    owner = find_profile_owner(name)
    if owner is None:
        return "pages/scope.html", get_scope_page(name, query, viewer)
    if owner.organization is not None:
        return "pages/organization.html", get_organization_page(owner.organization, query, viewer)
    assert owner.user is not None, "an owner is a person or an organization"
    return "pages/user.html", get_account_page(owner.user, query, viewer)


@require_safe
def redirect_user(request: HttpRequest, username: str) -> HttpResponse:
    """`/users/<name>`, which was the address of the profile. Raises `UnknownUserError`."""
    if find_profile_owner(username) is None:
        raise UnknownUserError(f"No account has the user name {quote_text(username)}.")
    query = request.META.get("QUERY_STRING", "")
    path = reverse("profile", args=[username])
    return redirect(f"{path}?{query}" if query else path, permanent=True)
