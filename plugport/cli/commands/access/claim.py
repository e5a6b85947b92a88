"""`plugport claim`: claims to plugins and scopes of others, and the answers of their owners."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.spec.api.values import CLAIM_KINDS

# What each action takes.
_ARGUMENTS = {
    "list": "",
    **dict.fromkeys(("new", "withdraw", "accept", "object", "decide"), "NAME"),
}
_DECISIONS = ("grant", "refuse", "reverse")
# Options by action; `_NEEDED` are those without which nothing is sent.
_OPTIONS = {
    "new": ("kind", "reason", "evidence", "to"),
    "object": ("reason",),
    "decide": ("decision", "reason"),
}
_NEEDED = ("kind", "reason", "decision")
_ANSWERABLE = ("open", "objected")
_DONE = {
    "withdraw": "withdrew",
    "accept": "accepted",
    "object": "objected to",
    "grant": "granted",
    "refuse": "refused",
    "reverse": "took back the grant of",
}


@plugport_command(
    "claim",
    examples=(
        'plugport claim new weather-map --kind adoption --reason "I maintain a fork with fixes."',
        "plugport claim list",
        "plugport claim withdraw weather-map",
        "plugport claim accept weather-map",
        'plugport claim object weather-map --reason "A release is due in May."',
        'plugport claim decide weather-map --decision grant --reason "Nobody answered."',
    ),
)
@click.argument("action", type=click.Choice(list(_ARGUMENTS)))
@click.argument("name", required=False)
@click.option(
    "--kind",
    type=click.Choice(CLAIM_KINDS),
    help="For new: adoption of what its owners left, or a name that is yours.",
)
@click.option(
    "--decision",
    type=click.Choice(_DECISIONS),
    help="For decide: grant, refuse, or take a grant back (reverse).",
)
@click.option(
    "--reason", metavar="TEXT", help="For new, object and decide: why. Of a decision, it is public."
)
@click.option(
    "--evidence",
    "evidence",
    multiple=True,
    metavar="URL",
    help="For new: a web page that shows it. Can be repeated.",
)
@click.option(
    "--to",
    metavar="ORGANIZATION",
    help="For new: your organization that receives it (default: your account).",
)
@click.pass_obj
def command(
    session: Session,
    action: str,
    name: str | None,
    kind: str | None,
    decision: str | None,
    reason: str | None,
    evidence: tuple[str, ...],
    to: str | None,
) -> None:
    """Claim an abandoned plugin, a scope or a name, and answer claims as an owner.

    The owners have some weeks to accept or to object; then a moderator of the registry decides. What
    is accepted or granted becomes a transfer to you, which you accept with plugport owner. Moderators list and
    decide with a token that may also admin.
    """
    _check_arguments(action, name)
    _check_options(action, kind=kind, decision=decision, reason=reason, evidence=evidence, to=to)
    if action == "list":
        _list_claims(session)
    elif action == "new":
        _claim(session, name or "", kind or "", reason or "", evidence, to or "")
    else:
        _answer(session, name or "", decision or action, reason or "")


def _check_arguments(action: str, name: str | None) -> None:
    usage = " ".join(("plugport", "claim", action, _ARGUMENTS[action])).rstrip()
    if name is not None and not _ARGUMENTS[action]:
        raise click.UsageError(f"too many arguments; use `{usage}`")
    if name is None and _ARGUMENTS[action]:
        raise click.UsageError(f"the name is missing; use `{usage}`")


def _check_options(action: str, **options: Any) -> None:
    allowed = _OPTIONS.get(action, ())
    for option, value in options.items():
        if value and option not in allowed:
            raise click.UsageError(f"`plugport claim {action}` takes no --{option}")
    for option in _NEEDED:
        if option in allowed and not options[option]:
            raise click.UsageError(f"`plugport claim {action}` needs --{option}")


def _claim(
    session: Session, text: str, kind: str, reason: str, evidence: Sequence[str], to: str
) -> None:
    from plugport.cli.commands.access.owner_transfers import check_target

    check_target(text)
    with session.open_client() as client:
        claim = client.claims.make(text, kind=kind, reason=reason, evidence=evidence, to=to)
    session.output.print_json({"claim": claim})
    session.output.print_line(f"claimed {_get_text(claim, 'name')} for {_get_receiver(claim)}")
    session.output.note(
        f"its owners can answer until {_get_day(claim, 'answerBy')}; then a moderator decides"
    )


def _list_claims(session: Session) -> None:
    with session.open_client() as client:
        claims = client.claims.list()
    session.output.print_json({"claims": claims})
    if not claims:
        session.output.print_line("no claims")
        return
    rows = [
        (
            _get_text(each, "name"),
            _get_text(each, "kind"),
            _get_receiver(each),
            _get_text(each, "state"),
            _get_day(each, "answerBy") if each.get("state") == "open" else "",
        )
        for each in claims
    ]
    session.output.print_table(rows, ("NAME", "KIND", "FOR", "STATE", "ANSWER BY"))


def _answer(session: Session, text: str, answer: str, reason: str) -> None:
    with session.open_client() as client:
        # Only what was granted can be taken back.
        states = ("granted",) if answer == "reverse" else _ANSWERABLE
        number = _select(client.claims.list(), text, states)
        claim = client.claims.answer(number, answer, reason)
    session.output.print_json({"claim": claim})
    name, receiver = _get_text(claim, "name"), _get_receiver(claim)
    session.output.print_line(f"{_DONE[answer]} the claim to {name} for {receiver}")
    if answer in ("accept", "grant"):
        accept = shlex.join(["plugport", "owner", "transfer-accept", name])
        session.output.note(f"{name} is offered to {receiver}, who accepts it with `{accept}`")
    elif answer == "object":
        session.output.note("a moderator decides")


def _select(claims: Sequence[Mapping[str, Any]], name: str, states: Sequence[str]) -> int:
    from plugport.cli.errors import NoClaimError

    for each in claims:
        number = each.get("id")
        if each.get("name") == name and each.get("state") in states and isinstance(number, int):
            return number
    raise NoClaimError(
        f"There is no {' or '.join(states)} claim to `{name}` that is yours or that you can answer.",
        hint="Run `plugport claim list` for a list.",
    )


def _get_text(claim: Mapping[str, Any], member: str) -> str:
    return str(claim.get(member) or "")


def _get_receiver(claim: Mapping[str, Any]) -> str:
    receiver = claim.get("receiver")
    return str(receiver.get("name") or "") if isinstance(receiver, Mapping) else ""


def _get_day(claim: Mapping[str, Any], member: str) -> str:
    """The day of an ISO 8601 time."""
    return _get_text(claim, member)[:10]
