"""`plugport org robot`: robots and their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugport.cli.commands.access.organizations.frame import Action, Options
from plugport.cli.commands.access.token_output import (
    count_days,
    print_text,
    print_tokens,
    select_token,
)

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client.organizations import Document, OrganizationsClient
    from plugport.client.tokens import Token

_DEFAULT_DAYS = 30
_DEFAULT_SCOPES = ("publish",)


def _get_username(values: list[str]) -> str:
    """The user name of a robot, from `ci` or `my-company+ci`."""
    organization, robot = values[0], values[1].removeprefix("@").lower()
    return robot if "+" in robot else f"{organization}+{robot}"


def _list(session: Session, client: OrganizationsClient, values: list[str], _: Options) -> None:
    document = client.list_robots(values[0])
    session.output.print_json(document)
    if not document["robots"]:
        session.output.print_line("no robots")
        return
    rows = [(each["username"], each["createdAt"][:10]) for each in document["robots"]]
    session.output.print_table(rows, ("ROBOT", "CREATED"))


def _create(session: Session, client: OrganizationsClient, values: list[str], _: Options) -> None:
    # The registry adds the organization to the name.
    name = _get_username(values).removeprefix(f"{values[0]}+")
    document = client.create_robot(values[0], name)
    session.output.print_json({"robot": document})
    username = document["username"]
    session.output.print_line(f"created the robot {username}")
    session.output.note(
        f"`plugport org team add {values[0]} TEAM {username}` gives it the rights of a team"
    )


def _delete(session: Session, client: OrganizationsClient, values: list[str], _: Options) -> None:
    username = _get_username(values)
    session.output.print_json(client.delete_robot(values[0], username))
    session.output.print_line(f"deleted the robot {username}; its tokens are revoked")


def _list_tokens(
    session: Session, client: OrganizationsClient, values: list[str], _: Options
) -> None:
    print_tokens(session, client.list_robot_tokens(values[0], _get_username(values)))


def _create_token(
    session: Session, client: OrganizationsClient, values: list[str], options: Options
) -> None:
    days = options.days
    if days is None:
        with session.open_client() as account_client:
            own = account_client.get_account().data["token"]["expiresAt"]
        days = count_days(own, _DEFAULT_DAYS)
    body = {
        "name": values[2],
        "scopes": list(options.scopes or _DEFAULT_SCOPES),
        "limits": list(options.limits),
        "days": days,
    }
    _print_new(session, *client.create_robot_token(values[0], _get_username(values), body))


def _rotate_token(
    session: Session, client: OrganizationsClient, values: list[str], _: Options
) -> None:
    number = _find_number(client, values)
    _print_new(session, *client.rotate_robot_token(values[0], _get_username(values), number))


def _revoke_token(
    session: Session, client: OrganizationsClient, values: list[str], _: Options
) -> None:
    number = _find_number(client, values)
    revoked = client.revoke_robot_token(values[0], _get_username(values), number)
    session.output.print_json({"token": revoked.document})
    session.output.print_line(f"revoked {revoked.data['start']}… ({revoked.data['name']})")


def _find_number(client: OrganizationsClient, values: list[str]) -> int:
    username = _get_username(values)
    tokens = client.list_robot_tokens(values[0], username)
    command = f"plugport org robot tokens {values[0]} {username}"
    return select_token(tokens, values[2], list_command=command).number


def _print_new(session: Session, document: Document, text: Token) -> None:
    session.output.print_json({"token": document})
    print_text(session, text, document["name"], document["expiresAt"])


ACTIONS = {
    "list": Action(_list, ("NAME",)),
    "create": Action(_create, ("NAME", "ROBOT")),
    "delete": Action(_delete, ("NAME", "ROBOT")),
    "tokens": Action(_list_tokens, ("NAME", "ROBOT")),
    "create-token": Action(
        _create_token, ("NAME", "ROBOT", "TOKEN-NAME"), ("scopes", "limits", "days")
    ),
    "rotate-token": Action(_rotate_token, ("NAME", "ROBOT", "TOKEN")),
    "revoke-token": Action(_revoke_token, ("NAME", "ROBOT", "TOKEN")),
}
