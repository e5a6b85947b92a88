"""`/organizations/<name>/provisioning`: SCIM tokens, groups and refused requests, for owners."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.scim.map_group import map_scim_group
from accounts.actions.scim.tokens import (
    DEFAULT_DAYS,
    MAX_DAYS,
    MAX_NAME_CHARS,
    create_scim_token,
    revoke_scim_token,
)
from accounts.models import Organization, User
from accounts.models.organization import GROUP_ROLES
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_organization, list_teams
from accounts.queries.scim import (
    count_scim_users,
    list_mapped_groups,
    list_scim_failures,
    list_scim_tokens,
)
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from accounts.sso.scim.addresses import build_base
from marketplace.pages.organizations.frame import parse_number, redirect_to, render_page, run_button
from plugport.spec.errors import PlugportError


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_provisioning(request: HttpRequest, name: str) -> HttpResponse:
    """The page. After a POST for a token, also its text, once. Raises `OrganizationRightError`."""
    viewer, organization = get_signed_in_user(request), get_organization(name)
    check_organization_right(viewer, organization, OrganizationRight.MANAGE_PROPERTY)
    if request.method == "POST" and not is_confirmed(request):
        return redirect_to_confirmation(request.path, request)
    text = ""
    if request.method == "POST" and request.POST.get("action") == "create":
        text = _create_token(request, viewer, organization)
    elif request.method == "POST":
        run_button(request, viewer, organization, {"revoke": _revoke, "map": _map})
    if request.method == "POST" and not text:
        return redirect_to("organization-provisioning", organization)
    # The text of a token is in this response and nowhere else, not even in the session.
    return render_page(
        request,
        "provisioning",
        organization,
        viewer,
        address=build_base(organization),
        tokens=list_scim_tokens(organization),
        token_text=text,
        days=DEFAULT_DAYS,
        max_days=MAX_DAYS,
        max_name_chars=MAX_NAME_CHARS,
        user_count=count_scim_users(organization),
        groups=list_mapped_groups(organization),
        teams=list_teams(organization),
        roles=GROUP_ROLES,
        failures=list_scim_failures(organization),
    )


def _create_token(request: HttpRequest, viewer: User, organization: Organization) -> str:
    """The text of the new token; empty, with a message, if it cannot be created."""
    days = parse_number(request.POST.get("days", ""))
    try:
        return create_scim_token(
            actor=viewer,
            organization=organization,
            name=request.POST.get("name", "")[:300],
            days=days,
        )[1]
    except PlugportError as error:
        details = " ".join(each.detail for each in error.fields) or error.hint or ""
        messages.error(request, f"{error.detail} {details}".strip())
        return ""


def _revoke(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    token = revoke_scim_token(
        actor=viewer,
        organization=organization,
        token_id=parse_number(values.get("token", "")),
    )
    return f"The token {token.name} is revoked. The identity provider can no longer use it."


def _map(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    group = map_scim_group(
        actor=viewer,
        organization=organization,
        public_id=values.get("group", ""),
        team=values.get("team", ""),
        role=values.get("role", ""),
    )
    given = [f"the team {group.team.name}"] if group.team else []
    given += [f"the role {group.role}"] if group.role else []
    return f"The members of {group.display_name} get {' and '.join(given) or 'nothing'} now."
