"""Members of plugins, and invitations to become one."""

from __future__ import annotations

from typing import Annotated, TypedDict

from plugport.spec.api.values import ROLES, describe, one_of

REMOVALS = ("member", "invitation")


class Member(TypedDict):
    username: str
    role: Annotated[str, one_of(ROLES)]
    since: str


class Invitation(TypedDict):
    """An offer of a role. Nothing changes until the account accepts it."""

    id: int
    plugin: str
    username: str
    role: Annotated[str, one_of(ROLES)]
    invitedBy: str
    createdAt: str
    expiresAt: str


class MemberList(TypedDict):
    name: str
    members: Annotated[list[Member], describe("Owners first, then maintainers, then publishers.")]
    invitations: Annotated[
        list[Invitation] | None,
        describe("The pending ones, newest first; null unless the token is that of a member."),
    ]


class InvitationList(TypedDict):
    invitations: list[Invitation]


class Removal(TypedDict):
    name: str
    username: str
    removed: Annotated[str, one_of(REMOVALS)]
