"""`/organizations/<name>/sso-only`: require the single sign-on of the organization, for owners."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.organizations.single_sign_on import require_single_sign_on
from accounts.models import Organization, User
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_organization, list_unlinked
from accounts.security.confirmation import confirmation_required
from marketplace.pages.organizations.frame import Run, render_page, run_button

_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def render_sso_only(request: HttpRequest, name: str) -> HttpResponse:
    """The rule, who loses access by it, and the button. Raises `OrganizationRightError`."""
    viewer, organization = get_signed_in_user(request), get_organization(name)
    check_organization_right(viewer, organization, OrganizationRight.MANAGE_OWNERS)
    if request.method == "POST":
        run_button(request, viewer, organization, _ACTIONS)
        # This session may have no right any longer to see this page.
        return redirect("organization-members", organization.name)
    members = list_unlinked(organization)
    return render_page(
        request,
        "sso_only",
        organization,
        viewer,
        members=members[:_SHOWN],
        count=len(members),
        more=max(0, len(members) - _SHOWN),
    )


def _require(viewer: User, organization: Organization, _values: Mapping[str, str]) -> str:
    require_single_sign_on(actor=viewer, organization=organization, is_required=True)
    return "Rights of people now count in sessions of the single sign-on only."


def _end(viewer: User, organization: Organization, _values: Mapping[str, str]) -> str:
    require_single_sign_on(actor=viewer, organization=organization, is_required=False)
    return "Members need the single sign-on no longer."


_ACTIONS: dict[str, Run] = {"require": _require, "end": _end}
