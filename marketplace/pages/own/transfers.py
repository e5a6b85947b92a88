"""The section of `/account` with the transfers to and from the user, and the answers to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.pages.account import AccountSection
from accounts.pages.current_user import get_signed_in_user
from accounts.security.confirmation import confirmation_required
from plugport.spec.errors import PlugportError
from registry.actions.transfers.answer import accept_transfer, cancel_transfer, decline_transfer
from registry.models import Transfer
from registry.queries.transfers import list_incoming, list_transfers


@dataclass(frozen=True, slots=True)
class TransferRow:
    """A transfer in the list. `is_incoming`: the user answers it."""

    transfer: Transfer
    is_incoming: bool


def _build_context(_request: HttpRequest, user: User) -> dict[str, Any]:
    """The open transfers of the user and its organizations, of what the session reaches.

    1 query, 2 if there are any.
    """
    transfers = list_transfers(user)
    incoming = {each.pk for each in list_incoming(user)} if transfers else set()
    return {"own_transfers": [TransferRow(each, each.pk in incoming) for each in transfers]}


OWN_TRANSFERS = AccountSection(
    "partials/own_transfers.html", _build_context, is_for_organizations=True
)


def _act(
    request: HttpRequest, transfer_id: int, act: Callable[..., Transfer], message: str
) -> HttpResponse:
    # After the confirmation, which loses the form, the browser comes back with GET.
    if request.method == "POST":
        try:
            transfer = act(actor=get_signed_in_user(request), transfer_id=transfer_id)
        except PlugportError as error:
            messages.error(request, f"{error.detail} {error.hint or ''}".strip())
        else:
            due = transfer.takes_effect_at
            day = f"{due:%Y-%m-%d %H:%M} UTC" if due is not None else ""
            messages.success(request, message.format(transfer=transfer, day=day))
    return redirect("account")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def accept(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """Accept what is offered; it moves after the delay."""
    message = "{transfer.target} moves to {transfer.receiver.name} on {day}."
    return _act(request, transfer_id, accept_transfer, message)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def decline(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """Decline what is offered."""
    message = "You declined {transfer.target}. Nothing changes."
    return _act(request, transfer_id, decline_transfer, message)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def cancel(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """Cancel a transfer before it takes effect."""
    message = "The transfer of {transfer.target} is canceled. Nothing changes."
    return _act(request, transfer_id, cancel_transfer, message)
