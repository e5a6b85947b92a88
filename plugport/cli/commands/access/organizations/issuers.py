"""Issuers of identity tokens that an organization registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from plugport.cli.commands.access.organizations.frame import Action, Options

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client.organizations import OrganizationsClient


def _list_issuers(
    session: Session, client: OrganizationsClient, values: list[str], _: Options
) -> None:
    document = client.list_issuers(values[0])
    session.output.print_json(document)
    if not document["issuers"]:
        session.output.print_line("no issuers")
        return
    rows = [(str(each["id"]), each["url"]) for each in document["issuers"]]
    session.output.print_table(rows, ("ID", "URL"))


def _add_issuer(
    session: Session, client: OrganizationsClient, values: list[str], _: Options
) -> None:
    document = client.register_issuer(values[0], values[1])
    session.output.print_json({"issuer": document})
    session.output.print_line(
        f"jobs of {document['url']} can be trusted publishers of plugins of {values[0]}"
    )


def _remove_issuer(
    session: Session, client: OrganizationsClient, values: list[str], _: Options
) -> None:
    if not (values[1].isascii() and values[1].isdecimal() and len(values[1]) < 19):
        raise click.UsageError(f"the id is not a number: {values[1][:40]!r}")
    document = client.remove_issuer(values[0], values[1])
    session.output.print_json({"issuer": document})
    session.output.print_line(f"jobs of {document['url']} publish plugins of {values[0]} no longer")


ACTIONS = {
    "issuers": Action(_list_issuers, ("NAME",)),
    "add-issuer": Action(_add_issuer, ("NAME", "URL")),
    "remove-issuer": Action(_remove_issuer, ("NAME", "ID")),
}
