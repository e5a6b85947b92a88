"""`/organizations/<name>/access`: what was lately added that gives access, with a button to end each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.domains.add_domain import remove_domain
from accounts.actions.organizations.people import remove_person
from accounts.actions.organizations.robots import revoke_robot_token
from accounts.actions.register_issuer import remove_issuer
from accounts.actions.scim.tokens import revoke_scim_token
from accounts.actions.sso.connections import switch_connection
from accounts.errors import OrganizationRequestError
from accounts.models import Organization, User
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_organization
from accounts.queries.recent_access import (
    MAX_ENTRIES,
    RECENT_DAYS,
    AccessKind,
    list_recent_access,
)
from accounts.queries.sso import get_owned_connection
from marketplace.pages.organizations.frame import parse_number, redirect_to, render_page, run_button
from registry.actions.remove_trusted_publisher import remove_trusted_publisher
from registry.queries.trusted_publishers import MAX_RECENT, list_recent_publishers


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_access(request: HttpRequest, name: str) -> HttpResponse:
    """For owners: 9 queries and those of the frame. Raises `OrganizationRightError`."""
    viewer, organization = get_signed_in_user(request), get_organization(name)
    check_organization_right(viewer, organization, OrganizationRight.MANAGE_PROPERTY)
    if request.method == "POST":
        run_button(request, viewer, organization, {"end": _end})
        return redirect_to("organization-access", organization)
    since = timezone.now() - dt.timedelta(days=RECENT_DAYS)
    return render_page(
        request,
        "access",
        organization,
        viewer,
        added=list_recent_access(organization, since),
        publishers=list_recent_publishers(organization, since),
        days=RECENT_DAYS,
        max_changes=MAX_ENTRIES,
        max_publishers=MAX_RECENT,
    )


def _end(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    end = _ENDS.get(values.get("kind", ""))
    if end is None:
        raise OrganizationRequestError("The form is not complete. Nothing was changed.")
    return end(viewer, organization, values.get("id", ""), values.get("name", ""))


def _remove_member(viewer: User, organization: Organization, _id: str, name: str) -> str:
    remove_person(actor=viewer, organization=organization, username=name)
    return f"{name} is no longer a member of {organization.name}."


def _revoke_robot(viewer: User, organization: Organization, text: str, name: str) -> str:
    token = revoke_robot_token(
        actor=viewer, organization=organization, robot_name=name, token_id=parse_number(text)
    )
    return f"The token {token.name} of {name} is revoked."


def _revoke_scim(viewer: User, organization: Organization, text: str, _name: str) -> str:
    token = revoke_scim_token(actor=viewer, organization=organization, token_id=parse_number(text))
    return f"The SCIM token {token.name} is revoked."


def _switch_off(viewer: User, organization: Organization, _id: str, name: str) -> str:
    connection = get_owned_connection(name, organization)
    switch_connection(actor=viewer, connection=connection, is_enabled=False)
    return f"The connection {connection.name} is off, and its sessions have ended."


def _remove_domain(viewer: User, organization: Organization, _id: str, name: str) -> str:
    domain = remove_domain(actor=viewer, owner=organization.owner, domain=name)
    return f"The domain {domain.domain} is removed."


def _remove_issuer(viewer: User, organization: Organization, text: str, _name: str) -> str:
    issuer = remove_issuer(actor=viewer, owner=organization.owner, issuer_id=parse_number(text))
    return f"Jobs of {issuer.url} publish plugins of {organization.name} no longer."


def _remove_publisher(viewer: User, _organization: Organization, text: str, _name: str) -> str:
    removed = remove_trusted_publisher(actor=viewer, publisher_id=parse_number(text))
    return f"Jobs of {removed.repository or removed.issuer} publish {removed.name} no longer."


# Each gets the id and the name of the form.
_ENDS: dict[str, Callable[[User, Organization, str, str], str]] = {
    AccessKind.MEMBER: _remove_member,
    AccessKind.ROBOT_TOKEN: _revoke_robot,
    AccessKind.SCIM_TOKEN: _revoke_scim,
    AccessKind.CONNECTION: _switch_off,
    AccessKind.DOMAIN: _remove_domain,
    AccessKind.ISSUER: _remove_issuer,
    "publisher": _remove_publisher,
}
