"""`plugport org`: organizations, their members, teams and domains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.commands.access.organization_rules import RULE_RUNS
from plugport.cli.session import Session
from plugport.spec.api.values import ORGANIZATION_ROLES, ROLES

if TYPE_CHECKING:
    from plugport.client.organizations import Document, OrganizationsClient

# What each action takes, in order.
_ACTIONS = {
    "list": (),
    "create": ("NAME",),
    "show": ("NAME",),
    "delete": ("NAME",),
    "members": ("NAME",),
    "invite": ("NAME", "WHO"),
    "withdraw": ("NAME", "WHO"),
    "role": ("NAME", "USER"),
    "remove": ("NAME", "USER"),
    "leave": ("NAME",),
    "accept": ("NAME",),
    "decline": ("NAME",),
    "team": ("TEAM-ACTION", "NAME"),
    "issuers": ("NAME",),
    "add-issuer": ("NAME", "URL"),
    "remove-issuer": ("NAME", "ID"),
    "domain": ("DOMAIN-ACTION", "NAME"),
    "second-factor": ("RULE-ACTION", "NAME"),
    "sso-only": ("RULE-ACTION", "NAME"),
}
_TEAM_ACTIONS = {
    "list": ("NAME",),
    "create": ("NAME", "TEAM"),
    "show": ("NAME", "TEAM"),
    "delete": ("NAME", "TEAM"),
    "add": ("NAME", "TEAM", "USER"),
    "remove": ("NAME", "TEAM", "USER"),
    "give": ("NAME", "TEAM", "TARGET"),
    "take": ("NAME", "TEAM", "TARGET"),
}
_DOMAIN_ACTIONS = {
    "list": ("NAME",),
    "add": ("NAME", "DOMAIN"),
    "check": ("NAME", "DOMAIN"),
    "remove": ("NAME", "DOMAIN"),
}
_RULE_ACTIONS = {"show": ("NAME",), "on": ("NAME",), "off": ("NAME",)}
_GROUPS: dict[str, Mapping[str, tuple[str, ...]]] = {
    "team": _TEAM_ACTIONS,
    "domain": _DOMAIN_ACTIONS,
    "second-factor": _RULE_ACTIONS,
    "sso-only": _RULE_ACTIONS,
}
_WITH_ROLE = {"invite": "member", "role": "", "give": "publisher"}


@plugport_command(
    "org",
    examples=(
        "plugport org create my-company",
        "plugport org list",
        "plugport org invite my-company mia --role manager",
        "plugport org invite my-company mia@example.org",
        "plugport org accept my-company",
        "plugport org remove my-company mia",
        "plugport org add-issuer my-company https://ci.example.com",
        "plugport org team create my-company dev",
        "plugport org team add my-company dev mia",
        "plugport org delete my-company --yes",
        "plugport org team give my-company dev @my-company --role publisher",
        "plugport org domain add my-company example.com",
        "plugport org domain check my-company example.com",
        "plugport org second-factor on my-company",
        "plugport org domain add my-company github.com/my-company",
        "plugport org sso-only on my-company",
    ),
)
@click.argument("action", type=click.Choice(list(_ACTIONS)))
@click.argument("arguments", nargs=-1)
@click.option(
    "--role",
    metavar="ROLE",
    help="Role of a person (default: member) or of a team in a plugin or scope (default: publisher).",
)
@click.option("--yes", is_flag=True, help="Delete, or take rights away, without asking.")
@click.option("--title", metavar="TEXT", help="Display name of a new organization.")
@click.pass_obj
def command(
    session: Session,
    action: str,
    arguments: tuple[str, ...],
    role: str | None,
    title: str | None,
    yes: bool,
) -> None:
    """Create organizations, and manage their members, teams and domains.

    A person becomes a member by accepting the invitation. Owners may do everything; managers manage
    members and teams; members have the rights of their teams.
    """
    if title is not None and action != "create":
        raise click.UsageError(f"`plugport org {action}` takes no --title")
    words, values = _split(action, arguments)
    if yes and words not in (["delete"], ["second-factor", "on"], ["sso-only", "on"]):
        raise click.UsageError(f"`plugport org {' '.join(words)}` takes no --yes")
    if action == "delete":
        _confirm_deletion(session, values, yes=yes)
    role = _require_role(words, role)
    run = (_GROUP_RUNS[words[0]] if len(words) > 1 else _RUNS)[words[-1]]
    with session.open_client() as client:
        run(session, client.organizations, values, (role or "", title, yes))


def _split(action: str, arguments: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The words of the action, and its arguments. Raises `UsageError` unless they are complete."""
    words, values, expected = [action], list(arguments), _ACTIONS[action]
    if action in _GROUPS:
        found, group = values.pop(0) if values else "", _GROUPS[action]
        if found not in group:
            raise click.UsageError(
                f"after `{action}` comes one of {', '.join(group)}; found `{found}`"
            )
        words.append(found)
        expected = group[found]
    if len(values) != len(expected):
        problem = "too many arguments" if len(values) > len(expected) else "an argument is missing"
        usage = " ".join(("plugport", "org", *words, *expected))
        raise click.UsageError(f"{problem}; use `{usage}`")
    if values:
        values[0] = values[0].removeprefix("@").lower()
    return words, values


def _require_role(words: list[str], role: str | None) -> str | None:
    name = words[-1] if len(words) == 1 or words[-1] == "give" else ""
    if name not in _WITH_ROLE:
        if role is not None:
            raise click.UsageError(f"`plugport org {' '.join(words)}` takes no --role")
        return None
    role = role or _WITH_ROLE[name]
    allowed = ROLES if name == "give" else ORGANIZATION_ROLES
    if role not in allowed:
        raise click.UsageError(f"--role must be one of {', '.join(allowed)}; found `{role}`")
    return role


# The role, the title, and whether to ask nothing.
_Options = tuple[str, str | None, bool]
_Run = Callable[["Session", "OrganizationsClient", list[str], _Options], None]


def _list(session: Session, client: OrganizationsClient, _: list[str], _o: _Options) -> None:
    document = client.list_memberships()
    session.output.print_json(document)
    rows = [
        (
            each["organization"],
            each["role"],
            _describe_membership(each),
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


def _describe_membership(membership: Document) -> str:
    # Older registries do not say it.
    if membership.get("needsSecondFactor"):
        return "no rights until you add a second factor"
    if membership.get("needsSingleSignOn"):
        return "rights only in sessions of its single sign-on"
    return "member"


def _create(
    session: Session, client: OrganizationsClient, values: list[str], options: _Options
) -> None:
    document = client.create(values[0], options[1])
    session.output.print_json({"organization": document})
    session.output.print_line(f"created the organization {document['name']}; you are its owner")


def _show(session: Session, client: OrganizationsClient, values: list[str], _: _Options) -> None:
    document = client.get(values[0])
    session.output.print_json({"organization": document})
    for line in (document["name"], document["displayName"], document["description"]):
        if line:
            session.output.print_line(line)
    if document["website"]:
        session.output.print_line(document["website"])


def _confirm_deletion(session: Session, values: list[str], *, yes: bool) -> None:
    """Let the person type the name. Raises `NotConfirmedError`."""
    import sys

    from plugport.cli.errors import NotConfirmedError

    if yes:
        return
    # Without a terminal a prompt would block a script; with --json it would break the output.
    if session.output.as_json or not sys.stdin.isatty():
        raise NotConfirmedError(
            f"The organization `{values[0]}` was not deleted: that needs a confirmation.",
            hint="Run the command again with --yes.",
        )
    typed = click.prompt(
        f"Members, teams, robots and tokens of {values[0]} end. Type its name", err=True
    )
    if typed.strip().removeprefix("@").lower() != values[0]:
        raise NotConfirmedError(
            f"The organization `{values[0]}` was not deleted: you typed another name."
        )


def _delete(session: Session, client: OrganizationsClient, values: list[str], _: _Options) -> None:
    session.output.print_json(client.delete(values[0]))
    session.output.print_line(f"deleted the organization {values[0]}; its name stays reserved")


def _list_members(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
) -> None:
    document = client.list_members(values[0])
    session.output.print_json(document)
    rows = [
        (each["username"], each["role"], f"since {each['since'][:10]}")
        for each in document["members"]
    ]
    rows += [
        (
            each["username"] or each["email"] or "",
            each["role"],
            f"invited by {each['invitedBy']}, until {each['expiresAt'][:10]}",
        )
        for each in document["invitations"] or ()
    ]
    if not rows:
        session.output.print_line("no member chose to be shown")
        return
    session.output.print_table(rows, ("WHO", "ROLE", "STATUS"))


def _invite(
    session: Session, client: OrganizationsClient, values: list[str], options: _Options
) -> None:
    document = client.invite(values[0], values[1], options[0])
    session.output.print_json({"invitation": document})
    who = document["username"] or document["email"]
    session.output.print_line(
        f"invited {who} to {document['organization']} as {document['role']}, until"
        f" {document['expiresAt'][:10]}"
    )


def _withdraw(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
) -> None:
    who = values[1].removeprefix("@").lower()
    invitations = client.list_members(values[0])["invitations"] or ()
    found = next((each for each in invitations if who in (each["username"], each["email"])), None)
    if found is None:
        raise _build_no_invitation_error(f"{values[0]} has no invitation of `{who}`.")
    document = client.withdraw(values[0], found["id"])
    session.output.print_json({"invitation": document})
    session.output.print_line(f"withdrew the invitation of {who} to {values[0]}")


def _change_role(
    session: Session, client: OrganizationsClient, values: list[str], options: _Options
) -> None:
    document = client.change_role(values[0], values[1], options[0])
    session.output.print_json({"member": document})
    session.output.print_line(f"{document['username']} is now {document['role']} of {values[0]}")


def _remove(session: Session, client: OrganizationsClient, values: list[str], _: _Options) -> None:
    document = client.remove(values[0], values[1])
    session.output.print_json(document)
    session.output.print_line(f"{values[1]} is no longer a member of {values[0]}")


def _answer(answer: str) -> _Run:
    def run(session: Session, client: OrganizationsClient, values: list[str], _: _Options) -> None:
        invitations = client.list_memberships()["invitations"]
        found = next((each for each in invitations if each["organization"] == values[0]), None)
        if found is None:
            raise _build_no_invitation_error(f"You have no invitation to `{values[0]}`.")
        document = client.answer(found["id"], answer)
        if answer == "decline":
            session.output.print_json({"invitation": document})
            session.output.print_line(f"declined the invitation to {values[0]}")
            return
        session.output.print_json({"membership": document})
        session.output.print_line(f"you are now {document['role']} of {values[0]}")
        if (status := _describe_membership(document)) != "member":
            session.output.print_line(status)

    return run


def _build_no_invitation_error(detail: str) -> Exception:
    from plugport.cli.errors import NoInvitationError

    return NoInvitationError(detail, hint="Run `plugport org list` for a list.")


def _leave(session: Session, client: OrganizationsClient, values: list[str], _: _Options) -> None:
    with session.open_client() as account_client:
        username = account_client.get_account().data["username"]
    document = client.remove(values[0], username)
    session.output.print_json(document)
    session.output.print_line(f"you are no longer a member of {values[0]}")


def _list_issuers(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
) -> None:
    document = client.list_issuers(values[0])
    session.output.print_json(document)
    if not document["issuers"]:
        session.output.print_line("no issuers")
        return
    rows = [(str(each["id"]), each["url"]) for each in document["issuers"]]
    session.output.print_table(rows, ("ID", "URL"))


def _add_issuer(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
) -> None:
    document = client.register_issuer(values[0], values[1])
    session.output.print_json({"issuer": document})
    session.output.print_line(
        f"jobs of {document['url']} can be trusted publishers of plugins of {values[0]}"
    )


def _remove_issuer(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
) -> None:
    if not (values[1].isascii() and values[1].isdecimal() and len(values[1]) < 19):
        raise click.UsageError(f"the id is not a number: {values[1][:40]!r}")
    document = client.remove_issuer(values[0], values[1])
    session.output.print_json({"issuer": document})
    session.output.print_line(f"jobs of {document['url']} publish plugins of {values[0]} no longer")


def _list_teams(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
) -> None:
    document = client.list_teams(values[0])
    session.output.print_json(document)
    if not document["teams"]:
        session.output.print_line("no teams")
        return
    rows = [(each["name"], str(each["memberCount"])) for each in document["teams"]]
    session.output.print_table(rows, ("TEAM", "MEMBERS"))


def _delete_team(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
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


def _on_team(act: Callable[..., Any], *, has_role: bool = False) -> _Run:
    """The run of an action that returns the team."""

    def run(
        session: Session, client: OrganizationsClient, values: list[str], options: _Options
    ) -> None:
        extra = (options[0],) if has_role else ()
        _print_team(session, act(client, *values, *extra))

    return run


_DOMAIN_TASKS = {False: "enter this TXT record", True: "put this line into this file"}


def _is_file(document: Mapping[str, Any]) -> bool:
    """Whether the proof is a file. Registries that know no files do not say how."""
    return bool(document.get("method", "dns") != "dns")


def _describe_place(document: Mapping[str, Any]) -> str:
    kind = "file" if _is_file(document) else "TXT"
    return f"{kind} at {document['recordName']}"


def _list_domains(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
) -> None:
    document = client.list_domains(values[0])
    session.output.print_json(document)
    if not document["domains"]:
        session.output.print_line("no domains")
        return
    rows = [
        (each["domain"], each["state"], each["problem"] or _describe_place(each))
        for each in document["domains"]
    ]
    session.output.print_table(rows, ("DOMAIN", "STATE", "PROOF"))


def _add_domain(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
) -> None:
    document = client.add_domain(*values)
    session.output.print_json({"domain": document})
    session.output.print_line(
        f"{document['domain']} is {document['state']}; {_DOMAIN_TASKS[_is_file(document)]}:"
    )
    session.output.print_line(f"{document['recordName']}  {document['recordValue']}")


def _check_domain(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
) -> None:
    document = client.check_domain(*values)
    session.output.print_json({"domain": document})
    session.output.print_line(f"{document['domain']} is proven")


def _remove_domain(
    session: Session, client: OrganizationsClient, values: list[str], _: _Options
) -> None:
    document = client.remove_domain(*values)
    session.output.print_json({"domain": document})
    session.output.print_line(f"{values[0]} has no domain {document['domain']} any longer")


_RUNS: dict[str, _Run] = {
    "list": _list,
    "create": _create,
    "show": _show,
    "delete": _delete,
    "members": _list_members,
    "invite": _invite,
    "withdraw": _withdraw,
    "role": _change_role,
    "remove": _remove,
    "leave": _leave,
    "accept": _answer("accept"),
    "decline": _answer("decline"),
    "issuers": _list_issuers,
    "add-issuer": _add_issuer,
    "remove-issuer": _remove_issuer,
}
_TEAM_RUNS: dict[str, _Run] = {
    "list": _list_teams,
    "create": _on_team(lambda client, *values: client.create_team(*values)),
    "show": _on_team(lambda client, *values: client.get_team(*values)),
    "delete": _delete_team,
    "add": _on_team(lambda client, *values: client.add_to_team(*values)),
    "remove": _on_team(lambda client, *values: client.remove_from_team(*values)),
    "give": _on_team(lambda client, *values: client.give_right(*values), has_role=True),
    "take": _on_team(lambda client, *values: client.take_right(*values)),
}
_DOMAIN_RUNS: dict[str, _Run] = {
    "list": _list_domains,
    "add": _add_domain,
    "check": _check_domain,
    "remove": _remove_domain,
}
_GROUP_RUNS = {"team": _TEAM_RUNS, "domain": _DOMAIN_RUNS, **RULE_RUNS}
