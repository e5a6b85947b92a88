"""`plugport org second-factor`: require a second factor of the members of an organization."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from plugport.cli.errors import NotConfirmedError

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client.organizations import Document, OrganizationsClient

_Options = tuple[str, str | None, bool]
_Run = Callable[["Session", "OrganizationsClient", list[str], _Options], None]


def _print_rule(session: Session, rule: Document) -> None:
    session.output.print_json({"rule": rule})
    state = "requires" if rule["required"] else "does not require"
    session.output.print_line(f"{rule['organization']} {state} a second factor")
    for line in _describe_without(rule):
        session.output.print_line(line)


def _describe_without(rule: Document) -> list[str]:
    """The members who have no rights while the rule is on, for people."""
    count, names = rule["withoutCount"], rule["without"]
    if not count:
        return ["every member has one, or needs none"]
    verb = "have" if rule["required"] else "would have"
    more = count - len(names)
    lines = [f"without one, and {verb} no rights: {count}", *(f"  {name}" for name in names)]
    return [*lines, f"  and {more} more"] if more else lines


def _show_rule(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
) -> None:
    _print_rule(session, client.get_second_factor_rule(values[0]))


def _switch_rule_on(
    session: Session, client: OrganizationsClient, values: list[str], options: _Options
) -> None:
    rule = client.get_second_factor_rule(values[0])
    if rule["withoutCount"] and not rule["required"] and not options[2]:
        _confirm_rule(session, rule)
    _print_rule(session, client.set_second_factor_rule(values[0], required=True))


def _confirm_rule(session: Session, rule: Document) -> None:
    """Show who loses access, and ask. Raises `NotConfirmedError`."""
    preview = "\n".join(_describe_without(rule))
    is_asked = sys.stdin.isatty() and not session.output.as_json
    if not is_asked or not click.confirm(f"{preview}\nRequire a second factor?", err=True):
        raise NotConfirmedError(
            f"Nothing was changed: {rule['withoutCount']} of {rule['organization']} would lose access.",
            hint="`plugport org second-factor show NAME` lists them; --yes confirms.",
        )


def _switch_rule_off(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
) -> None:
    _print_rule(session, client.set_second_factor_rule(values[0], required=False))


# What `plugport org` runs, with the values and options of the command.
FACTOR_RUNS: dict[str, _Run] = {
    "show": _show_rule,
    "on": _switch_rule_on,
    "off": _switch_rule_off,
}
