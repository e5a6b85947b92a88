"""`plugport org team`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from plugport.cli.commands.access.organizations.frame import Action, Options, Run

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client.organizations import Document, OrganizationsClient


def _list_teams(
    session: Session, client: OrganizationsClient, values: list[str], _: Options
) -> None:
    document = client.list_teams(values[0])
    session.output.print_json(document)
    if not document["teams"]:
        session.output.print_line("no teams")
        return
    rows = [(each["name"], str(each["memberCount"])) for each in document["teams"]]
    session.output.print_table(rows, ("TEAM", "MEMBERS"))


def _delete_team(
    session: Session, client: OrganizationsClient, values: list[str], _: Options
) -> None:
    session.output.print_json(client.delete_team(values[0], values[1]))
    session.output.print_line(f"deleted the team {values[1]}")


def _print_team(session: Session, team: Document) -> None:
    session.output.print_json({"team": team})
    rows = [("member", name, "") for name in team["members"]]
    rows += [("right", right["target"], right["role"]) for right in team["rights"]]
    if not rows:
        session.output.print_line(f"the team {team['name']} has no members and no rights")
        return
    session.output.print_table(rows, ("KIND", "NAME", "ROLE"))


def _on_team(act: Callable[..., Any], *, has_role: bool = False) -> Run:
    """The run of an action that returns the team."""

    def run(
        session: Session, client: OrganizationsClient, values: list[str], options: Options
    ) -> None:
        extra = (options.role,) if has_role else ()
        _print_team(session, act(client, *values, *extra))

    return run


ACTIONS = {
    "list": Action(_list_teams, ("NAME",)),
    "create": Action(
        _on_team(lambda client, *values: client.create_team(*values)), ("NAME", "TEAM")
    ),
    "show": Action(_on_team(lambda client, *values: client.get_team(*values)), ("NAME", "TEAM")),
    "delete": Action(_delete_team, ("NAME", "TEAM")),
    "add": Action(
        _on_team(lambda client, *values: client.add_to_team(*values)), ("NAME", "TEAM", "USER")
    ),
    "remove": Action(
        _on_team(lambda client, *values: client.remove_from_team(*values)), ("NAME", "TEAM", "USER")
    ),
    "give": Action(
        _on_team(lambda client, *values: client.give_right(*values), has_role=True),
        ("NAME", "TEAM", "TARGET"),
        ("role",),
    ),
    "take": Action(
        _on_team(lambda client, *values: client.take_right(*values)), ("NAME", "TEAM", "TARGET")
    ),
}
