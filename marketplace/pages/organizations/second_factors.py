"""`/organizations/<name>/second-factor`: require a second factor of the members, for owners."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.organizations.second_factors import require_second_factor
from accounts.models import Organization, User
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_organization, list_unprotected
from accounts.security.confirmation import confirmation_required
from marketplace.pages.organizations.frame import Run, redirect_to, render_page, run_button

_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def render_second_factor(request: HttpRequest, name: str) -> HttpResponse:
    """The rule, who loses access by it, and the button. Raises `OrganizationRightError`."""
    viewer, organization = get_signed_in_user(request), get_organization(name)
    check_organization_right(viewer, organization, OrganizationRight.MANAGE_OWNERS)
    if request.method == "POST":
        run_button(request, viewer, organization, _ACTIONS)
        return redirect_to("organization-second-factor", organization)
    members = list_unprotected(organization)
    return render_page(
        request,
        "second_factor",
        organization,
        viewer,
        members=members[:_SHOWN],
        count=len(members),
        more=max(0, len(members) - _SHOWN),
    )


def _require(viewer: User, organization: Organization, _values: Mapping[str, str]) -> str:
    require_second_factor(actor=viewer, organization=organization, is_required=True)
    return "Rights now count only for members with a second factor."


def _end(viewer: User, organization: Organization, _values: Mapping[str, str]) -> str:
    require_second_factor(actor=viewer, organization=organization, is_required=False)
    return "Members need no second factor any longer."


_ACTIONS: dict[str, Run] = {"require": _require, "end": _end}
