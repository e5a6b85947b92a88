"""`plugport owner`: the members of a plugin, and invitations to become one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from plugport.cli.command_group import plugport_command
from plugport.cli.session import Session
from plugport.spec.api.values import ROLES

if TYPE_CHECKING:
    from plugport.client.models import Invitation

# What each action takes, in order.
_ARGUMENTS = {
    "list": ("NAME",),
    "add": ("NAME", "USER"),
    "change": ("NAME", "USER"),
    "remove": ("NAME", "USER"),
    "invitations": (),
    "accept": ("NAME",),
    "decline": ("NAME",),
    "transfer": ("NAME", "TO"),
    "transfers": (),
    "transfer-accept": ("NAME",),
    "transfer-decline": ("NAME",),
    "transfer-cancel": ("NAME",),
}
_DEFAULT_ROLE = "owner"


@plugport_command(
    "owner",
    examples=(
        "plugport owner list @acme/chat",
        "plugport owner add @acme/chat mia --role maintainer",
        "plugport owner change @acme/chat mia --role publisher",
        "plugport owner remove @acme/chat mia",
        "plugport owner invitations",
        "plugport owner accept @acme/chat",
        "plugport owner transfer @acme harbor",
        "plugport owner transfers",
        "plugport owner transfer-accept @acme",
    ),
)
@click.argument("action", type=click.Choice(list(_ARGUMENTS)))
@click.argument("name", required=False)
@click.argument("user", required=False)
@click.option(
    "--role",
    type=click.Choice(ROLES),
    help=f"Role of the member, for add (default: {_DEFAULT_ROLE}) and change.",
)
@click.pass_obj
def command(
    session: Session, action: str, name: str | None, user: str | None, role: str | None
) -> None:
    """List, invite and remove the members of a plugin, and answer invitations.

    An account becomes a member when it accepts the invitation. Publishers publish; maintainers also
    edit, deprecate and yank; owners also manage the members. Use remove with your own user name to
    leave a plugin, and for an account that has not answered to withdraw its invitation.

    Use transfer to give a plugin, or a scope (@acme) with its plugins, to another account or organization.
    It moves when the receiver has accepted and the delay is over; until then both sides can cancel it.
    """
    _check_arguments(action, name, user, role)
    if action.startswith("transfer"):
        _transfer(session, action, name or "", user or "")
    elif action == "list":
        _list_members(session, name or "")
    elif action == "add":
        _invite(session, name or "", user or "", role or _DEFAULT_ROLE)
    elif action == "change":
        _change_role(session, name or "", user or "", role or "")
    elif action == "remove":
        _remove(session, name or "", user or "")
    elif action == "invitations":
        _list_invitations(session)
    else:
        _answer(session, name or "", action)


def _check_arguments(action: str, name: str | None, user: str | None, role: str | None) -> None:
    expected = _ARGUMENTS[action]
    usage = " ".join(("plugport", "owner", action, *expected))
    given = [value for value in (name, user) if value is not None]
    if len(given) != len(expected):
        problem = "too many arguments" if len(given) > len(expected) else "an argument is missing"
        raise click.UsageError(f"{problem}; use `{usage}`")
    if role is not None and action not in ("add", "change"):
        raise click.UsageError(f"`plugport owner {action}` takes no --role")
    if role is None and action == "change":
        raise click.UsageError(f"the role is missing; use `{usage} --role ROLE`")


def _transfer(session: Session, action: str, target: str, to: str) -> None:
    from plugport.cli.commands.access import owner_transfers as transfers

    if action == "transfers":
        transfers.list_open(session)
        return
    transfers.check_target(target)
    if action == "transfer":
        transfers.offer(session, target, to)
    else:
        transfers.answer(session, target, action)


def _list_members(session: Session, text: str) -> None:
    from plugport.cli.dates import format_date
    from plugport.cli.missing_names import explain_missing
    from plugport.spec.names import PluginName

    name = PluginName.parse(text)
    with session.open_client() as client, explain_missing(client, name):
        team = client.list_members(name)
    session.output.print_json(team.document)
    rows = [
        (member["username"], member["role"], f"since {format_date(member['since'])}")
        for member in team.data["members"]
    ]
    rows += [
        (
            invitation["username"],
            invitation["role"],
            f"invited by {invitation['invitedBy']}, until {_format_day(invitation['expiresAt'])}",
        )
        for invitation in team.data["invitations"] or ()
    ]
    session.output.print_table(rows, ("USER", "ROLE", "STATUS"))


def _invite(session: Session, text: str, user: str, role: str) -> None:
    from plugport.cli.missing_names import explain_missing
    from plugport.spec.names import PluginName, parse_scope

    name, user = PluginName.parse(text), parse_scope(user)
    with session.open_client() as client, explain_missing(client, name):
        invitation = client.invite_member(name, user, role)
    session.output.print_json({"invitation": invitation.document})
    data = invitation.data
    session.output.print_line(
        f"invited {data['username']} to {invitation.name} as {data['role']},"
        f" until {_format_day(data['expiresAt'])}"
    )
    accept = shlex.join(["plugport", "owner", "accept", str(invitation.name)])
    session.output.note(
        f"nothing changes until {data['username']} accepts, on the account page or with `{accept}`"
    )


def _change_role(session: Session, text: str, user: str, role: str) -> None:
    from plugport.cli.missing_names import explain_missing
    from plugport.spec.errors import ConflictError
    from plugport.spec.names import PluginName, parse_scope

    name, user = PluginName.parse(text), parse_scope(user)
    with session.open_client() as client, explain_missing(client, name):
        try:
            member = client.change_member_role(name, user, role)
        except ConflictError as error:
            if error.code == "invitation-required":
                words = ["plugport", "owner", "add", str(name), user, "--role", role]
                error.hint = f"Run `{shlex.join(words)}`. The role changes with the acceptance."
            raise
    session.output.print_json({"member": member})
    session.output.print_line(f"{user} is now {role} of {name}")


def _remove(session: Session, text: str, user: str) -> None:
    from plugport.cli.missing_names import explain_missing
    from plugport.spec.names import PluginName, parse_scope

    name, user = PluginName.parse(text), parse_scope(user)
    with session.open_client() as client, explain_missing(client, name):
        removal = client.remove_member(name, user)
    session.output.print_json(removal)
    was_invited = removal.get("removed") == "invitation"
    session.output.print_line(
        f"withdrew the invitation of {user} to {name}"
        if was_invited
        else f"{user} is no longer a member of {name}"
    )


def _list_invitations(session: Session) -> None:
    with session.open_client() as client:
        invitations = client.list_invitations()
    session.output.print_json({"invitations": [each.document for each in invitations]})
    if not invitations:
        session.output.print_line("no invitations")
        return
    session.output.print_table(
        [
            (
                str(each.name),
                each.data["role"],
                each.data["invitedBy"],
                _format_day(each.data["expiresAt"]),
            )
            for each in invitations
        ],
        ("PLUGIN", "ROLE", "INVITED BY", "UNTIL"),
    )


def _answer(session: Session, text: str, answer: str) -> None:
    from plugport.spec.names import PluginName

    name = PluginName.parse(text)
    with session.open_client() as client:
        invitation = _select_invitation(client.list_invitations(), str(name))
        document = client.answer_invitation(invitation, answer)
    if answer == "decline":
        session.output.print_json({"invitation": document})
        session.output.print_line(f"declined the invitation to {name}")
        return
    session.output.print_json({"name": str(name), "member": document})
    session.output.print_line(f"you are now {invitation.data['role']} of {name}")


def _select_invitation(invitations: list[Invitation], name: str) -> Invitation:
    from plugport.cli.errors import NoInvitationError

    for invitation in invitations:
        if str(invitation.name) == name:
            return invitation
    raise NoInvitationError(
        f"You have no invitation to `{name}`.",
        hint="Run `plugport owner invitations` for a list.",
    )


def _format_day(text: str) -> str:
    """The day of an ISO 8601 time."""
    return text[:10]
