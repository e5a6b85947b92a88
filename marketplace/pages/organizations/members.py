"""`/organizations/<name>/members` and `/settings`."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.organizations.invitations import (
    INVITATION_DAYS,
    invite_person,
    withdraw_organization_invitation,
)
from accounts.actions.organizations.organization import edit_organization
from accounts.actions.organizations.people import (
    change_person_role,
    remove_person,
    show_membership,
)
from accounts.errors import OrganizationRequestError
from accounts.models import Organization, OrganizationRole, User
from accounts.models.organization import DESCRIPTION_CHARS, DISPLAY_NAME_CHARS, WEBSITE_CHARS
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import (
    get_organization,
    get_people,
    list_organization_invitations,
)
from marketplace.pages.organizations.frame import (
    Run,
    add_error,
    find_viewer,
    get_page_number,
    redirect_to,
    render_page,
    run_button,
)
from marketplace.pagination import build_pagination
from plugport.spec.errors import PlugportError
from registry.api.v1.parameters import get_text_parameter

_ROLES = (
    (OrganizationRole.MEMBER, "Member: rights come from teams"),
    (OrganizationRole.BILLING, "Billing: pays, without rights in plugins"),
    (OrganizationRole.MANAGER, "Manager: members, teams and robots, and maintains all plugins"),
    (OrganizationRole.OWNER, "Owner: everything"),
)


class InvitationForm(forms.Form):
    """The inputs for an invitation. The action `invite_person` checks the rules."""

    addressee = forms.CharField(
        label="User name or email address",
        max_length=254,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text="Only an account that has verified the address can accept an invitation by mail.",
    )
    role = forms.ChoiceField(
        label="Role", choices=_ROLES, widget=forms.RadioSelect, initial=OrganizationRole.MEMBER
    )


class SettingsForm(forms.Form):
    """The texts of the profile. The action `edit_organization` checks the rules."""

    displayName = forms.CharField(  # noqa: N815 -- the name of the field in errors
        label="Display name", required=False, max_length=DISPLAY_NAME_CHARS
    )
    description = forms.CharField(label="Description", required=False, max_length=DESCRIPTION_CHARS)
    website = forms.CharField(label="Website", required=False, max_length=WEBSITE_CHARS)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def render_members(request: HttpRequest, name: str) -> HttpResponse:
    """The members that the viewer may see; for managers also the invitations and the forms."""
    organization, viewer = get_organization(name), find_viewer(request)
    if request.method != "POST":
        return _render_members(request, organization, viewer, InvitationForm())
    if viewer is None:
        return redirect_to_login(request.path)
    if request.POST.get("action") != "invite":
        run_button(request, viewer, organization, _ACTIONS)
        return redirect_to("organization-members", organization)
    form, status = InvitationForm(request.POST), 400
    if form.is_valid():
        try:
            invitation = invite_person(
                actor=viewer,
                organization=organization,
                addressee=form.cleaned_data["addressee"],
                role=OrganizationRole(form.cleaned_data["role"]),
            )
        except PlugportError as error:
            status = add_error(form, error)
        else:
            messages.success(
                request,
                f"{invitation.addressee} is invited. Nothing changes until the invitation is"
                " accepted.",
            )
            return redirect_to("organization-members", organization)
    return _render_members(request, organization, viewer, form, status=status)


def _render_members(
    request: HttpRequest,
    organization: Organization,
    viewer: User | None,
    form: InvitationForm,
    *,
    status: int = 200,
) -> HttpResponse:
    text = get_text_parameter(request.GET, "q")
    people = get_people(organization, viewer=viewer, text=text, number=get_page_number(request))
    can_manage = OrganizationRight.MANAGE_PEOPLE in people.rights
    return render_page(
        request,
        "members",
        organization,
        viewer,
        status=status,
        people=people,
        text=text,
        pagination=build_pagination(
            request.GET, number=people.page.number, pages=people.page.pages
        ),
        invitations=list_organization_invitations(organization) if can_manage else [],
        roles=OrganizationRole.choices,
        form=form,
        days=INVITATION_DAYS,
    )


def _change_role(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    role = values.get("role", "")
    if role not in OrganizationRole.values:
        raise OrganizationRequestError("The form names no role. Nothing was changed.")
    member = change_person_role(
        actor=viewer,
        organization=organization,
        username=values.get("username", ""),
        role=OrganizationRole(role),
    )
    return f"The role of {member.user.username} is now: {member.role}."


def _remove(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    username = values.get("username", "")
    remove_person(actor=viewer, organization=organization, username=username)
    who = "You are" if username == viewer.username else f"{username} is"
    return f"{who} no longer a member of {organization.name}."


def _withdraw(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    text = values.get("invitation", "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    invitation = withdraw_organization_invitation(
        actor=viewer, organization=organization, invitation_id=number
    )
    return f"The invitation of {invitation.addressee} is withdrawn."


def _show(viewer: User, organization: Organization, _values: Mapping[str, str]) -> str:
    show_membership(actor=viewer, organization=organization, is_public=True)
    return "Everybody sees your membership now."


def _hide(viewer: User, organization: Organization, _values: Mapping[str, str]) -> str:
    show_membership(actor=viewer, organization=organization, is_public=False)
    return "Only members see your membership now."


_ACTIONS: dict[str, Run] = {
    "change": _change_role,
    "remove": _remove,
    "withdraw": _withdraw,
    "show": _show,
    "hide": _hide,
}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_settings(request: HttpRequest, name: str) -> HttpResponse:
    """The texts of the profile, for owners. Raises `OrganizationRightError`."""
    viewer, organization = get_signed_in_user(request), get_organization(name)
    check_organization_right(viewer, organization, OrganizationRight.MANAGE_PROPERTY)
    initial = {
        "displayName": organization.display_name,
        "description": organization.description,
        "website": organization.website,
    }
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 400 if form.errors else 200
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        try:
            edit_organization(
                actor=viewer,
                organization=organization,
                display_name=values["displayName"],
                description=values["description"],
                website=values["website"],
            )
        except PlugportError as error:
            status = add_error(form, error)
        else:
            messages.success(request, "The profile is saved.")
            return redirect("organization-settings", organization.name)
    return render_page(request, "settings", organization, viewer, status=status, form=form)
