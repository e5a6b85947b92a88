"""`plugport scope`: list and create scopes."""

from __future__ import annotations

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session


@plugport_command(
    "scope",
    examples=(
        "plugport scope list",
        "plugport scope create my-team",
        "plugport scope create my-team --owner acme",
    ),
)
@click.argument("action", type=click.Choice(["list", "create"]))
@click.argument("name", required=False)
@click.option(
    "--owner",
    metavar="NAME",
    help="Organization that gets the scope; for moderators also an account.",
)
@click.pass_obj
def command(session: Session, action: str, name: str | None, owner: str | None) -> None:
    """List your scopes, or create one.

    Plugins named @NAME/... can only be published in a scope that exists. The scope of your user
    name exists already.
    """
    if action == "list":
        if name is not None or owner is not None:
            raise click.UsageError("`plugport scope list` takes no name and no --owner")
        _list_scopes(session)
    elif name is None:
        raise click.UsageError("the name is missing; use `plugport scope create NAME`")
    else:
        _create_scope(session, name, owner)


def _list_scopes(session: Session) -> None:
    with session.open_client() as client:
        account = client.get_account()
    # The scope of the user name is created with its first plugin, but belongs to the account now.
    names = sorted({account.data["username"], *account.data["scopes"]})
    session.output.print_json({"scopes": names})
    for name in names:
        session.output.print_line(f"@{name}")


def _create_scope(session: Session, name: str, owner: str | None) -> None:
    from plugport.spec.names import parse_scope

    with session.open_client() as client:
        document = client.create_scope(parse_scope(name), owner)
    session.output.print_json({"scope": document})
    session.output.print_line(f"@{document['name']} belongs to {document['owner']}")
