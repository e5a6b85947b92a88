"""`/organizations/<name>/log`: what was done in an organization, for its owners and managers."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.pages.audit_log import LogPage, export_log, render_log
from accounts.pages.current_user import get_signed_in_user
from accounts.queries.organizations import get_organization
from registry.queries.audit import get_organization_scope


def _build_page(name: str, viewer: User) -> LogPage:
    organization = get_organization(name)
    return LogPage(
        get_organization_scope(organization, viewer=viewer),
        f"Log of {organization.name}",
        "organization-log",
        (organization.name,),
        back=reverse("organization-members", args=[organization.name]),
        back_title=organization.name,
    )


@require_safe
@never_cache
@login_required
def render_organization_log(request: HttpRequest, name: str) -> HttpResponse:
    """The newest entries about the organization. Raises `OrganizationRightError`."""
    return render_log(request, _build_page(name, get_signed_in_user(request)))


@require_POST
@never_cache
@login_required
def export_organization_log(request: HttpRequest, name: str) -> HttpResponseBase:
    """The same as a file. Raises `OrganizationRightError`."""
    return export_log(request, _build_page(name, get_signed_in_user(request)))
