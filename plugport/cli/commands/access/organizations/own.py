"""Organizations themselves, and those of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from plugport.cli.commands.access.organizations.frame import Action, Options

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client.organizations import Document, OrganizationsClient


def _list(session: Session, client: OrganizationsClient, _: list[str], _o: Options) -> None:
    document = client.list_memberships()
    session.output.print_json(document)
    rows = [
        (
            each["organization"],
            each["role"],
            describe_membership(each),
        )
        for each in document["memberships"]
    ]
    rows += [
        (
            each["organization"],
            each["role"],
            f"invited by {each['invitedBy']}, until {each['expiresAt'][:10]}",
        )
        for each in document["invitations"]
    ]
    if not rows:
        session.output.print_line("no organizations")
        return
    session.output.print_table(rows, ("ORGANIZATION", "ROLE", "STATUS"))


def describe_membership(membership: Document) -> str:
    """`member`, or why the membership gives no rights yet."""
    # Older registries do not say it.
    if membership.get("needsSecondFactor"):
        return "no rights until you add a second factor"
    if membership.get("needsSingleSignOn"):
        return "rights only in sessions of its single sign-on"
    return "member"


def _create(
    session: Session, client: OrganizationsClient, values: list[str], options: Options
) -> None:
    document = client.create(values[0], options.title)
    session.output.print_json({"organization": document})
    session.output.print_line(f"created the organization {document['name']}; you are its owner")


def _show(session: Session, client: OrganizationsClient, values: list[str], _: Options) -> None:
    document = client.get(values[0])
    session.output.print_json({"organization": document})
    for line in (document["name"], document["displayName"], document["description"]):
        if line:
            session.output.print_line(line)
    if document["website"]:
        session.output.print_line(document["website"])


def _confirm_deletion(session: Session, name: str) -> None:
    """Let the person type the name. Raises `NotConfirmedError`."""
    import sys

    from plugport.cli.errors import NotConfirmedError

    # Without a terminal a prompt would block a script; with --json it would break the output.
    if session.output.as_json or not sys.stdin.isatty():
        raise NotConfirmedError(
            f"The organization `{name}` was not deleted: that needs a confirmation.",
            hint="Run the command again with --yes.",
        )
    typed = click.prompt(
        f"Members, teams, robots and tokens of {name} end. Type its name", err=True
    )
    if typed.strip().removeprefix("@").lower() != name:
        raise NotConfirmedError(
            f"The organization `{name}` was not deleted: you typed another name."
        )


def _delete(
    session: Session, client: OrganizationsClient, values: list[str], options: Options
) -> None:
    if not options.yes:
        _confirm_deletion(session, values[0])
    session.output.print_json(client.delete(values[0]))
    session.output.print_line(f"deleted the organization {values[0]}; its name stays reserved")


ACTIONS = {
    "list": Action(_list, ()),
    "create": Action(_create, ("NAME",), ("title",)),
    "show": Action(_show, ("NAME",)),
    "delete": Action(_delete, ("NAME",), ("yes",)),
}
