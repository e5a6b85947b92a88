"""`/organizations/<name>/delete`: delete an organization, for its owners."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.delete_organization import delete_organization
from accounts.hooks.organization_property import list_property
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_organization
from accounts.security.confirmation import confirmation_required
from marketplace.pages.organizations.frame import add_error, render_page
from plugport.spec.errors import PlugportError

_SHOWN = 10


class DeletionForm(forms.Form):
    """The name of the organization, typed. The action `delete_organization` compares it."""

    confirmation = forms.CharField(
        label="Name of the organization",
        max_length=100,
        widget=forms.TextInput(
            attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def render_deletion(request: HttpRequest, name: str) -> HttpResponse:
    """What ends, what prevents it, and the form. Raises `OrganizationRightError`."""
    viewer, organization = get_signed_in_user(request), get_organization(name)
    check_organization_right(viewer, organization, OrganizationRight.MANAGE_OWNERS)
    form = DeletionForm(request.POST if request.method == "POST" else None)
    status = 400 if form.errors else 200
    if form.is_bound and form.is_valid():
        try:
            delete_organization(
                actor=viewer,
                organization=organization,
                confirmation=form.cleaned_data["confirmation"],
            )
        except PlugportError as error:
            status = add_error(form, error)
        else:
            messages.success(request, f"The organization {organization.name} is deleted.")
            return redirect("organizations")
    plugins = list_property(organization)
    return render_page(
        request,
        "delete",
        organization,
        viewer,
        status=status,
        form=form,
        plugins=plugins[:_SHOWN],
        more=max(0, len(plugins) - _SHOWN),
    )
