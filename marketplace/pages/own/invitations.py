"""The section of `/account` with the invitations of the user, and the answers to them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.pages.account import AccountSection
from accounts.pages.current_user import get_signed_in_user
from plugport.spec.errors import PlugportError
from registry.actions.invitations.accept_invitation import accept_invitation
from registry.actions.invitations.decline_invitation import decline_invitation
from registry.queries.members import MAX_LISTED_INVITATIONS, list_invitations


def _build_context(_request: HttpRequest, user: User) -> dict[str, Any]:
    """Return the newest pending invitations of the user: 1 query."""
    invitations = list_invitations(user)
    return {
        "own_invitations": invitations,
        "are_invitations_cut": len(invitations) == MAX_LISTED_INVITATIONS,
    }


OWN_INVITATIONS = AccountSection("partials/own_invitations.html", _build_context)


# POST only, like all pages that change something: a link in a mail must not accept anything.
@require_POST
@never_cache
@login_required
def accept(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Become a member of the plugin."""
    try:
        member = accept_invitation(actor=get_signed_in_user(request), invitation_id=invitation_id)
    except PlugportError as error:
        messages.error(request, f"{error.detail} {error.hint or ''}".strip())
    else:
        article = "an" if member.role == "owner" else "a"
        messages.success(request, f"You are now {article} {member.role} of {member.plugin.name}.")
    return redirect("account")


@require_POST
@never_cache
@login_required
def decline(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Delete the invitation."""
    try:
        invitation = decline_invitation(
            actor=get_signed_in_user(request), invitation_id=invitation_id
        )
    except PlugportError as error:
        messages.error(request, f"{error.detail} {error.hint or ''}".strip())
    else:
        messages.success(request, f"You declined the invitation to {invitation.plugin.name}.")
    return redirect("account")
