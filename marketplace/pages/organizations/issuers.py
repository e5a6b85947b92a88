"""`/organizations/<name>/publishing`: issuers of identity tokens for the plugins of an organization."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.register_issuer import register_issuer, remove_issuer
from accounts.models import Organization, User
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_organization
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from common.http.status import get_status
from marketplace.pages.organizations.frame import redirect_to, render_page, run_button
from marketplace.pages.own.publisher_form import IssuerForm
from plugport.spec.errors import PlugportError
from registry.queries.trusted_publishers import list_registered_issuers


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_issuers(request: HttpRequest, name: str) -> HttpResponse:
    """The issuers, for members; for owners also the form. Raises `OrganizationRightError`."""
    viewer, organization = get_signed_in_user(request), get_organization(name)
    check_organization_right(viewer, organization, OrganizationRight.SEE_MEMBERS)
    form, status = IssuerForm(), 200
    if request.method == "POST":
        if not is_confirmed(request):
            return redirect_to_confirmation(request.path, request)
        if request.POST.get("action") != "add":
            run_button(request, viewer, organization, {"remove": _remove})
            return redirect_to("organization-issuers", organization)
        form, status = IssuerForm(request.POST), 400
        if form.is_valid():
            try:
                issuer = register_issuer(
                    actor=viewer, owner=organization.owner, url=form.cleaned_data["url"]
                )
            except PlugportError as error:
                form.add_error("url", f"{error.detail} {error.hint or ''}".strip())
                status = get_status(error)
            else:
                messages.success(
                    request, f"{issuer.url} is registered for the plugins of {organization.name}."
                )
                return redirect_to("organization-issuers", organization)
    return render_page(
        request,
        "issuers",
        organization,
        viewer,
        status=status,
        form=form,
        issuers=list_registered_issuers(organization.owner),
        is_confirmed=is_confirmed(request),
    )


def _remove(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    text = values.get("id", "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    issuer = remove_issuer(actor=viewer, owner=organization.owner, issuer_id=number)
    return f"Jobs of {issuer.url} publish plugins of {organization.name} no longer."
