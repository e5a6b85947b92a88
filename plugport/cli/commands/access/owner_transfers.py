"""`plugport owner transfer` and the answers to it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from plugport.cli.session import Session

ANSWERS = {"transfer-accept": "accept", "transfer-decline": "decline", "transfer-cancel": "cancel"}


def offer(session: Session, target: str, to: str) -> None:
    """Offer a plugin, or a scope (`@scope`), to another owner."""
    from plugport.spec.names import PluginName

    with session.open_client() as client:
        transfer = (
            client.transfers.offer_scope(target.removeprefix("@"), to)
            if _is_scope(target)
            else client.transfers.offer_plugin(PluginName.parse(target), to)
        )
    session.output.print_json({"transfer": transfer})
    name, receiver = _get_name(transfer), _get_party(transfer, "to")
    session.output.print_line(
        f"offered {name} to {receiver}, until {_get_day(transfer, 'expiresAt')}"
    )
    for row in transfer.get("readers") or ():
        session.output.warn(
            f"{row.get('plugins')} {row.get('visibility')} plugins in it will be seen by {row.get('readers')}"
        )
    accept = shlex.join(["plugport", "owner", "transfer-accept", name])
    session.output.note(
        f"nothing changes until {receiver} accepts, on the account page or with `{accept}`, and the delay is over"
    )


def list_open(session: Session) -> None:
    """The open transfers to and from the account."""
    with session.open_client() as client:
        transfers = client.transfers.list()
    session.output.print_json({"transfers": transfers})
    if not transfers:
        session.output.print_line("no transfers")
        return
    session.output.print_table(
        [
            (
                _get_name(each),
                _get_party(each, "from"),
                _get_party(each, "to"),
                f"moves {_get_day(each, 'takesEffectAt')}"
                if each.get("takesEffectAt")
                else f"offered, until {_get_day(each, 'expiresAt')}",
            )
            for each in transfers
        ],
        ("NAME", "FROM", "TO", "STATUS"),
    )


def answer(session: Session, target: str, action: str) -> None:
    """Accept, decline or cancel the transfer of the plugin or scope."""
    verb = ANSWERS[action]
    with session.open_client() as client:
        number = _select(client.transfers.list(), target)
        transfer = client.transfers.answer(number, verb)
    session.output.print_json({"transfer": transfer})
    name, receiver = _get_name(transfer), _get_party(transfer, "to")
    if verb == "accept":
        day = _get_day(transfer, "takesEffectAt")
        session.output.print_line(f"{name} moves to {receiver} on {day}")
        cancel = shlex.join(["plugport", "owner", "transfer-cancel", name])
        session.output.note(f"until then, both sides can cancel it with `{cancel}`")
    else:
        done = "declined" if verb == "decline" else "canceled"
        session.output.print_line(f"{done} the transfer of {name} to {receiver}")


def check_target(text: str) -> None:
    """Raise `InvalidNameError` unless it is the name of a plugin or a scope with `@`."""
    from plugport.spec.names import PluginName, parse_scope

    if _is_scope(text):
        parse_scope(text)
    else:
        PluginName.parse(text)


def _is_scope(text: str) -> bool:
    return text.startswith("@") and "/" not in text


def _select(transfers: Sequence[Mapping[str, Any]], target: str) -> int:
    from plugport.cli.errors import NoTransferError

    for each in transfers:
        number = each.get("id")
        if each.get("name") == target and isinstance(number, int):
            return number
    raise NoTransferError(
        f"There is no open transfer of `{target}` to or from you.",
        hint="Run `plugport owner transfers` for a list.",
    )


def _get_name(transfer: Mapping[str, Any]) -> str:
    return str(transfer.get("name") or "")


def _get_party(transfer: Mapping[str, Any], side: str) -> str:
    party = transfer.get(side)
    return str(party.get("name") or "") if isinstance(party, Mapping) else ""


def _get_day(transfer: Mapping[str, Any], member: str) -> str:
    text = str(transfer.get(member) or "")
    # The date and the minute of an ISO 8601 time.
    return f"{text[:10]} {text[11:16]} UTC" if len(text) > 16 else click.unstyle(text)
