"""Owners and scopes, members of plugins, and invitations to become one."""

from __future__ import annotations

from typing import Annotated, TypedDict

from plugport.spec.api.domains import Proof
from plugport.spec.api.values import OWNER_KINDS, ROLES, VISIBILITIES, describe, one_of

REMOVALS = ("member", "invitation")


class Owner(TypedDict):
    """A person or an organization, as its profile shows it to everybody."""

    name: str
    kind: Annotated[str, one_of(OWNER_KINDS)]
    displayName: Annotated[str, describe("Of an organization; empty without one.")]
    since: Annotated[str, describe("The date (UTC).")]
    scopes: Annotated[list[str], describe("The public ones, without `@`.")]
    proofs: Annotated[
        list[Proof],
        describe("The domains, and the accounts and groups of code hosts, that it has proven."),
    ]
    plugins: Annotated[
        int,
        describe("The number of public plugins in which it has a role, or that are in its scopes."),
    ]
    downloads: Annotated[int, describe("Of these plugins.")]


class ScopeOwner(TypedDict):
    name: str
    kind: Annotated[str, one_of(OWNER_KINDS)]


class ScopeDetail(TypedDict):
    """A scope, as its profile shows it."""

    name: str
    owner: ScopeOwner
    official: Annotated[bool, describe("Whether it belongs to the operator of the registry.")]
    visibility: Annotated[
        str, one_of(VISIBILITIES), describe("The widest that its plugins may have.")
    ]
    since: Annotated[str, describe("The date (UTC).")]
    proofs: Annotated[
        list[Proof],
        describe(
            "The domains, and the accounts and groups of code hosts, that the owner has proven."
        ),
    ]
    plugins: Annotated[int, describe("The number of those that the caller may see.")]
    downloads: Annotated[int, describe("Of these plugins.")]


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
