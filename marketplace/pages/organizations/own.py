"""`/account/organizations`: the organizations of the user, invitations, and a new organization."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions.organizations.invitations import (
    accept_organization_invitation,
    check_is_addressee,
    decline_organization_invitation,
)
from accounts.actions.organizations.organization import create_organization
from accounts.models import User
from accounts.models.organization import DISPLAY_NAME_CHARS
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import find_missing
from accounts.queries.organizations import (
    get_invitation_of_key,
    list_memberships,
    list_own_organization_invitations,
)
from marketplace.pages.organizations.frame import add_error
from plugport.spec.errors import PlugportError

_SESSION_KEY = "organization_invitation_key"


class OrganizationForm(forms.Form):
    """The inputs for a new organization. The action `create_organization` checks the rules."""

    name = forms.CharField(
        label="Name",
        max_length=65,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text="For example “my-company”. It cannot be changed, and is also the organization scope"
        ": its plugins have names such as @my-company/hello.",
    )
    displayName = forms.CharField(  # noqa: N815 -- the name of the field in errors
        label="Display name", required=False, max_length=DISPLAY_NAME_CHARS
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_own(request: HttpRequest) -> HttpResponse:
    """The organizations of the user, the invitations, and the form for a new one."""
    user = get_signed_in_user(request)
    form = OrganizationForm(request.POST if request.method == "POST" else None)
    status = 400 if form.errors else 200
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        try:
            organization = create_organization(
                actor=user, name=values["name"], display_name=values["displayName"]
            )
        except PlugportError as error:
            status = add_error(form, error)
        else:
            messages.success(request, f"The organization {organization.name} is yours.")
            return redirect("organization-members", organization.name)
    if request.method != "POST":
        _explain_mail(request, user)
    context: dict[str, Any] = {
        "memberships": list_memberships(user),
        "invitations": list_own_organization_invitations(user),
        "form": form,
    }
    return render(request, "account/organizations.html", context, status=status)


def _explain_mail(request: HttpRequest, user: User) -> None:
    """Say why the invitation of a mail that the user has opened is not in the list."""
    key = request.session.pop(_SESSION_KEY, None)
    if key is None:
        return
    try:
        check_is_addressee(user, get_invitation_of_key(key))
    except PlugportError as error:
        messages.error(request, f"{error.detail} {error.hint or ''}".strip())


@require_safe
@never_cache
def open_invitation(request: HttpRequest, key: str) -> HttpResponse:
    """Keep the key of the mail in the session and redirect to the page without it.

    The page requires a sign-in, and lists the invitation for the account of the invited address.
    """
    try:
        get_invitation_of_key(key)
    except PlugportError as error:
        # No session for it: any text in this URL would add a row to the database.
        messages.error(request, f"{error.detail} {error.hint or ''}".strip())
    else:
        request.session[_SESSION_KEY] = key
    response = redirect("organizations")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


# POST only: a link in a mail must not accept anything.
@require_POST
@never_cache
@login_required
def accept(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Become a member of the organization."""
    user = get_signed_in_user(request)
    try:
        member = accept_organization_invitation(actor=user, invitation_id=invitation_id)
    except PlugportError as error:
        messages.error(request, f"{error.detail} {error.hint or ''}".strip())
    else:
        messages.success(request, f"You are now in {member.organization.name}: {member.role}.")
        # The list says how they count.
        if find_missing(user, member.organization):
            messages.info(request, "Your rights do not count yet.")
    return redirect("organizations")


@require_POST
@never_cache
@login_required
def decline(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Delete the invitation."""
    try:
        invitation = decline_organization_invitation(
            actor=get_signed_in_user(request), invitation_id=invitation_id
        )
    except PlugportError as error:
        messages.error(request, f"{error.detail} {error.hint or ''}".strip())
    else:
        messages.success(request, f"You declined the invitation to {invitation.organization}.")
    return redirect("organizations")
