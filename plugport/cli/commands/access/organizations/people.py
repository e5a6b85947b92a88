"""Members and invitations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugport.cli.commands.access.organizations.frame import Action, Options, Run
from plugport.cli.commands.access.organizations.own import describe_membership

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client.organizations import Document, OrganizationsClient


def _list_members(
    session: Session, client: OrganizationsClient, values: list[str], options: Options
) -> None:
    document = client.list_members(values[0], options.search or "")
    session.output.print_json(document)
    rows = [
        (_describe_name(each), each["role"], f"since {each['since'][:10]}")
        for each in document["members"]
    ]
    # Invitations are not searched: an addressee has no name here yet.
    invitations = () if options.search else document["invitations"] or ()
    rows += [
        (
            each["username"] or each["email"] or "",
            each["role"],
            f"invited by {each['invitedBy']}, until {each['expiresAt'][:10]}",
        )
        for each in invitations
    ]
    if not rows:
        found = "no member found" if options.search else "no member chose to be shown"
        session.output.print_line(found)
        return
    session.output.print_table(rows, ("WHO", "ROLE", "STATUS"))


def _describe_name(member: Document) -> str:
    # Older registries do not say it.
    name = member.get("displayName")
    return f"{member['username']} ({name})" if name else str(member["username"])


def _invite(
    session: Session, client: OrganizationsClient, values: list[str], options: Options
) -> None:
    document = client.invite(values[0], values[1], options.role)
    session.output.print_json({"invitation": document})
    who = document["username"] or document["email"]
    session.output.print_line(
        f"invited {who} to {document['organization']} as {document['role']}, until"
        f" {document['expiresAt'][:10]}"
    )


def _withdraw(session: Session, client: OrganizationsClient, values: list[str], _: Options) -> None:
    who = values[1].removeprefix("@").lower()
    invitations = client.list_members(values[0])["invitations"] or ()
    found = next((each for each in invitations if who in (each["username"], each["email"])), None)
    if found is None:
        raise _build_no_invitation_error(f"{values[0]} has no invitation of `{who}`.")
    document = client.withdraw(values[0], found["id"])
    session.output.print_json({"invitation": document})
    session.output.print_line(f"withdrew the invitation of {who} to {values[0]}")


def _change_role(
    session: Session, client: OrganizationsClient, values: list[str], options: Options
) -> None:
    document = client.change_role(values[0], values[1], options.role)
    session.output.print_json({"member": document})
    session.output.print_line(f"{document['username']} is now {document['role']} of {values[0]}")


def _remove(session: Session, client: OrganizationsClient, values: list[str], _: Options) -> None:
    document = client.remove(values[0], values[1])
    session.output.print_json(document)
    session.output.print_line(f"{values[1]} is no longer a member of {values[0]}")


def _answer(answer: str) -> Run:
    def run(session: Session, client: OrganizationsClient, values: list[str], _: Options) -> None:
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
        if (status := describe_membership(document)) != "member":
            session.output.print_line(status)

    return run


def _build_no_invitation_error(detail: str) -> Exception:
    from plugport.cli.errors import NoInvitationError

    return NoInvitationError(detail, hint="Run `plugport org list` for a list.")


def _leave(session: Session, client: OrganizationsClient, values: list[str], _: Options) -> None:
    with session.open_client() as account_client:
        username = account_client.get_account().data["username"]
    document = client.remove(values[0], username)
    session.output.print_json(document)
    session.output.print_line(f"you are no longer a member of {values[0]}")


ACTIONS = {
    "members": Action(_list_members, ("NAME",), ("search",)),
    "invite": Action(_invite, ("NAME", "WHO"), ("role",)),
    "withdraw": Action(_withdraw, ("NAME", "WHO")),
    "role": Action(_change_role, ("NAME", "USER"), ("role",)),
    "remove": Action(_remove, ("NAME", "USER")),
    "leave": Action(_leave, ("NAME",)),
    "accept": Action(_answer("accept"), ("NAME",)),
    "decline": Action(_answer("decline"), ("NAME",)),
}
