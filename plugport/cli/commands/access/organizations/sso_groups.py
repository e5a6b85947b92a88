"""`plugport org sso-group`: what groups of the identity provider give at a sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from plugport.cli.commands.access.organizations.frame import Action, Options

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client.organizations import OrganizationsClient

_KINDS = ("team", "role")


def _describe(rule: Mapping[str, Any]) -> str:
    return f"team:{rule['team']}" if rule["team"] else f"role:{rule['role']}"


def _list(session: Session, client: OrganizationsClient, values: list[str], _: Options) -> None:
    document = client.list_sso_groups(values[0])
    session.output.print_json(document)
    if not document["connections"]:
        session.output.print_line("no identity provider is connected")
        return
    session.output.print_table(
        [
            (each["id"], each["name"], "on" if each["enabled"] else "off")
            for each in document["connections"]
        ],
        ("CONNECTION", "NAME", "STATE"),
    )
    rows = [
        (str(each["id"]), each["connection"], each["group"], _describe(each))
        for each in document["rules"]
    ]
    if not rows:
        session.output.print_line("no group gives anything")
        return
    session.output.print_table(rows, ("ID", "CONNECTION", "GROUP", "GIVES"))


def _add(session: Session, client: OrganizationsClient, values: list[str], _: Options) -> None:
    name, connection, group, gives = values
    kind, _separator, value = gives.partition(":")
    if kind not in _KINDS or not value:
        raise click.UsageError(
            f"GIVES is a team or a role, such as team:dev or role:manager; found `{gives[:80]}`"
        )
    rule = client.add_sso_group(name, {"connection": connection, "group": group, kind: value})
    session.output.print_json({"rule": rule})
    session.output.print_line(
        f"people in {rule['group']} get {_describe(rule)} at their next sign-in"
    )


def _remove(session: Session, client: OrganizationsClient, values: list[str], _: Options) -> None:
    if not (values[1].isascii() and values[1].isdecimal() and len(values[1]) < 19):
        raise click.UsageError(f"the id is not a number: {values[1][:40]!r}")
    rule = client.remove_sso_group(values[0], values[1])
    session.output.print_json({"rule": rule})
    session.output.print_line(f"{rule['group']} no longer gives {_describe(rule)}")


ACTIONS = {
    "list": Action(_list, ("NAME",)),
    "add": Action(_add, ("NAME", "CONNECTION", "GROUP", "GIVES")),
    "remove": Action(_remove, ("NAME", "ID")),
}
