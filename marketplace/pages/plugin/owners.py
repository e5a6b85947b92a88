"""`/plugins/{name}/owners`: the members of a plugin, and for its owners the forms to change them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from common.http.status import get_status
from plugport.spec.errors import PlugportError
from registry.actions.change_member_role import change_member_role
from registry.actions.invitations.withdraw_invitation import withdraw_invitation
from registry.actions.invite_member import INVITATION_DAYS, invite_member
from registry.actions.remove_member import remove_member
from registry.actions.transfers.claims.seeking import change_seeks_adoption
from registry.api.viewers import get_page_viewer
from registry.models import Member, Plugin, Role
from registry.queries.catalog import is_public, was_published
from registry.queries.members import Team, get_team
from registry.queries.transfers import find_pending_transfer
from registry.queries.visible import Viewer

_ROLES = (
    (Role.PUBLISHER, "Publisher: publish releases"),
    (Role.MAINTAINER, "Maintainer: also edit the plugin, deprecate and yank"),
    (Role.OWNER, "Owner: also invite and remove members"),
)


class InvitationForm(forms.Form):
    """The inputs for an invitation. The action `invite_member` checks the rules."""

    username = forms.CharField(
        label="User name",
        max_length=65,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text="Of an account of this registry.",
    )
    role = forms.ChoiceField(
        label="Role", choices=_ROLES, widget=forms.RadioSelect, initial=Role.PUBLISHER
    )


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member in the list. `is_own`: the viewer. `is_last`: the last owner, who has to stay."""

    member: Member
    is_own: bool
    is_last: bool


class _MemberForm(forms.Form):
    """The hidden inputs of the buttons beside a member or an invitation."""

    username = forms.CharField(max_length=65)
    role = forms.ChoiceField(choices=_ROLES, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def render_owners(request: HttpRequest, name: str) -> HttpResponse:
    """The members with their roles, for everybody; for owners, the forms and the invitations."""
    viewer = get_page_viewer(request)
    if request.method != "POST":
        return _render(request, get_team(name, viewer), viewer, InvitationForm())
    if viewer.user is None:
        return redirect_to_login(request.path)
    plugin = get_team(name, viewer).plugin
    if request.POST.get("action") == "invite":
        return _invite(request, plugin, viewer, viewer.user)
    return _change(request, plugin, viewer.user)


def _invite(request: HttpRequest, plugin: Plugin, viewer: Viewer, actor: User) -> HttpResponse:
    form = InvitationForm(request.POST)
    status = 400
    if form.is_valid():
        values = form.cleaned_data
        try:
            invitation = invite_member(
                actor=actor,
                plugin=plugin,
                username=values["username"],
                role=Role(values["role"]),
            )
        except PlugportError as error:
            form.add_error("username", f"{error.detail} {error.hint or ''}".strip())
            status = get_status(error)
        else:
            messages.success(
                request,
                f"{invitation.user} is invited. Nothing changes until the invitation is accepted.",
            )
            return redirect("owners", plugin.name)
    return _render(request, get_team(plugin.name, viewer), viewer, form, status=status)


def _change(request: HttpRequest, plugin: Plugin, viewer: User) -> HttpResponse:
    """Run the action of a button, and show the page again with its result."""
    form = _MemberForm(request.POST)
    action = request.POST.get("action", "")
    run = _ACTIONS.get(action)
    is_complete = form.is_valid() and (action != "change" or form.cleaned_data["role"])
    if run is None or not is_complete:
        messages.error(request, "The form is not complete. Nothing was changed.")
        return redirect("owners", plugin.name)
    username = form.cleaned_data["username"]
    try:
        message = run(viewer, plugin, username, form.cleaned_data["role"])
    except PlugportError as error:
        messages.error(request, f"{error.detail} {error.hint or ''}".strip())
    else:
        messages.success(request, message)
    # A member who left sees the plugin no longer, unless it is public.
    has_left = not is_public(plugin) and username == viewer.username
    return redirect("account") if has_left else redirect("owners", plugin.name)


def _change_role(viewer: User, plugin: Plugin, username: str, role: str) -> str:
    if role == Role.OWNER:
        # Ownership needs the consent of the new owner.
        invite_member(actor=viewer, plugin=plugin, username=username, role=Role.OWNER)
        return f"{username} is invited to become an owner. The role changes with the acceptance."
    change_member_role(actor=viewer, plugin=plugin, username=username, role=Role(role))
    return f"{username} is now a {role}."


def _remove(viewer: User, plugin: Plugin, username: str, _role: str) -> str:
    remove_member(actor=viewer, plugin=plugin, username=username)
    who = "You are" if username == viewer.username else f"{username} is"
    return f"{who} no longer a member of {plugin.name}."


def _withdraw(viewer: User, plugin: Plugin, username: str, _role: str) -> str:
    withdraw_invitation(actor=viewer, plugin=plugin, username=username)
    return f"The invitation of {username} is withdrawn."


def _seek(viewer: User, plugin: Plugin, _username: str, _role: str) -> str:
    change_seeks_adoption(actor=viewer, plugin=plugin, seeks_adoption=True)
    return "The page of the plugin says that you look for somebody who takes it over."


def _keep(viewer: User, plugin: Plugin, _username: str, _role: str) -> str:
    change_seeks_adoption(actor=viewer, plugin=plugin, seeks_adoption=False)
    return "The page of the plugin no longer says that you look for somebody."


_ACTIONS: dict[str, Callable[[User, Plugin, str, str], str]] = {
    "change": _change_role,
    "remove": _remove,
    "withdraw": _withdraw,
    "seek-adoption": _seek,
    "keep": _keep,
}


def _render(
    request: HttpRequest,
    team: Team,
    viewer: Viewer,
    form: InvitationForm,
    *,
    status: int = 200,
) -> HttpResponse:
    open_owners = [m for m in team.members if m.role == Role.OWNER and m.holder.is_open]
    context: dict[str, Any] = {
        "plugin": team.plugin,
        "was_published": was_published(team.plugin),
        "is_owner": team.role == Role.OWNER,
        "can_manage": team.can_manage,
        "can_manage_publishing": team.role in (Role.OWNER, Role.MAINTAINER),
        "rows": [
            MemberRow(
                member=member,
                is_own=viewer.user is not None and member.holder.user_id == viewer.user.pk,
                is_last=member.role == Role.OWNER
                and all(each.pk == member.pk for each in open_owners),
            )
            for member in team.members
        ],
        "invitations": team.invitations,
        # An offer is known to members only; an accepted transfer also is on the page of the plugin.
        "pending_transfer": find_pending_transfer(team.plugin) if team.role == Role.OWNER else None,
        "roles": Role.choices,
        "form": form,
        "days": INVITATION_DAYS,
    }
    return render(request, "pages/owners.html", context, status=status)
