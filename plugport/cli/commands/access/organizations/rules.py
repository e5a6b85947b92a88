"""`plugport org second-factor` and `plugport org sso-only`: what members need so that their rights count."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import click

from plugport.cli.commands.access.organizations.frame import Action, Options
from plugport.cli.errors import NotConfirmedError

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client.organizations import Document, OrganizationsClient


class _Rule(NamedTuple):
    """A rule in words. `path` is its last segment in the API, and the word of the command."""

    path: str
    what: str
    nobody: str
    before: str
    after: str


_RULES = (
    _Rule(
        "second-factor",
        "a second factor",
        "every member has one, or needs none",
        "without one, and would have no rights",
        "without one, and have no rights",
    ),
    _Rule(
        "sso-only",
        "its single sign-on",
        "it signs in every member",
        "not linked to it, and would have no rights",
        "not linked to it, and have no rights",
    ),
)


def _print(session: Session, rule: _Rule, document: Document) -> None:
    session.output.print_json({"rule": document})
    state = "requires" if document["required"] else "does not require"
    session.output.print_line(f"{document['organization']} {state} {rule.what}")
    for line in _describe_without(rule, document):
        session.output.print_line(line)


def _describe_without(rule: _Rule, document: Document) -> list[str]:
    """The members who have no rights while the rule is on, for people."""
    count, names = document["withoutCount"], document["without"]
    if not count:
        return [rule.nobody]
    title = rule.after if document["required"] else rule.before
    more = count - len(names)
    lines = [f"{title}: {count}", *(f"  {name}" for name in names)]
    return [*lines, f"  and {more} more"] if more else lines


def _confirm(session: Session, rule: _Rule, document: Document) -> None:
    """Show who loses access, and ask. Raises `NotConfirmedError`."""
    preview = "\n".join(_describe_without(rule, document))
    is_asked = sys.stdin.isatty() and not session.output.as_json
    if not is_asked or not click.confirm(f"{preview}\nRequire {rule.what}?", err=True):
        count, name = document["withoutCount"], document["organization"]
        raise NotConfirmedError(
            f"Nothing was changed: {count} of {name} would lose access.",
            hint=f"`plugport org {rule.path} show NAME` lists them; --yes confirms.",
        )


def _build_actions(rule: _Rule) -> Mapping[str, Action]:
    def show(session: Session, client: OrganizationsClient, values: list[str], _: Options) -> None:
        _print(session, rule, client.get_rule(values[0], rule.path))

    def switch_on(
        session: Session, client: OrganizationsClient, values: list[str], options: Options
    ) -> None:
        document = client.get_rule(values[0], rule.path)
        if document["withoutCount"] and not document["required"] and not options.yes:
            _confirm(session, rule, document)
        _print(session, rule, client.set_rule(values[0], rule.path, required=True))

    def switch_off(
        session: Session, client: OrganizationsClient, values: list[str], _: Options
    ) -> None:
        _print(session, rule, client.set_rule(values[0], rule.path, required=False))

    return {
        "show": Action(show, ("NAME",)),
        "on": Action(switch_on, ("NAME",), ("yes",)),
        "off": Action(switch_off, ("NAME",)),
    }


# By the word of the rule.
GROUPS = {rule.path: _build_actions(rule) for rule in _RULES}
