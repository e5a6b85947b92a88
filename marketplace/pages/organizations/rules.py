"""Rules for the members of an organization, for its owners.

`/organizations/<name>/second-factor` requires a second factor, `/organizations/<name>/sso-only` the
single sign-on of the organization.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.organizations.second_factors import require_second_factor
from accounts.actions.organizations.single_sign_on import require_single_sign_on
from accounts.models import Organization, OrganizationMember, User
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_organization, list_unlinked, list_unprotected
from accounts.security.confirmation import confirmation_required
from marketplace.pages.organizations.frame import Run, redirect_to, render_page, run_button

_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def render_second_factor(request: HttpRequest, name: str) -> HttpResponse:
    """The rule, who loses access by it, and the button. Raises `OrganizationRightError`."""
    viewer, organization = _open(request, name)
    if request.method == "POST":
        run_button(request, viewer, organization, _SECOND_FACTOR)
        return redirect_to("organization-second-factor", organization)
    return _render(request, "second_factor", organization, viewer, list_unprotected(organization))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def render_sso_only(request: HttpRequest, name: str) -> HttpResponse:
    """The rule, who loses access by it, and the button. Raises `OrganizationRightError`."""
    viewer, organization = _open(request, name)
    if request.method == "POST":
        run_button(request, viewer, organization, _SSO_ONLY)
        # This session may have no right any longer to see this page.
        return redirect("organization-members", organization.name)
    return _render(request, "sso_only", organization, viewer, list_unlinked(organization))


def _open(request: HttpRequest, name: str) -> tuple[User, Organization]:
    viewer, organization = get_signed_in_user(request), get_organization(name)
    check_organization_right(viewer, organization, OrganizationRight.MANAGE_OWNERS)
    return viewer, organization


def _render(
    request: HttpRequest,
    template: str,
    organization: Organization,
    viewer: User,
    members: Sequence[OrganizationMember],
) -> HttpResponse:
    return render_page(
        request,
        template,
        organization,
        viewer,
        members=members[:_SHOWN],
        count=len(members),
        more=max(0, len(members) - _SHOWN),
    )


def _require_factor(viewer: User, organization: Organization, _values: Mapping[str, str]) -> str:
    require_second_factor(actor=viewer, organization=organization, is_required=True)
    return "Rights now count only for members with a second factor."


def _end_factor(viewer: User, organization: Organization, _values: Mapping[str, str]) -> str:
    require_second_factor(actor=viewer, organization=organization, is_required=False)
    return "Members no longer need a second factor."


def _require_sso(viewer: User, organization: Organization, _values: Mapping[str, str]) -> str:
    require_single_sign_on(actor=viewer, organization=organization, is_required=True)
    return "Rights of people now count in sessions of the single sign-on only."


def _end_sso(viewer: User, organization: Organization, _values: Mapping[str, str]) -> str:
    require_single_sign_on(actor=viewer, organization=organization, is_required=False)
    return "Members no longer need the single sign-on."


_SECOND_FACTOR: dict[str, Run] = {"require": _require_factor, "end": _end_factor}
_SSO_ONLY: dict[str, Run] = {"require": _require_sso, "end": _end_sso}
