"""Rules for groups of the identity providers of an organization."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from msgspec import Meta

from plugport.spec.api.values import GROUP_ROLES, SSO_KINDS, describe, one_of


class SsoConnection(TypedDict):
    id: str
    name: str
    kind: Annotated[str, one_of(SSO_KINDS)]
    enabled: bool


class SsoGroupRule(TypedDict):
    """What people in a group get at a sign-in: either a team or a role."""

    id: int
    connection: Annotated[str, describe("The id of the connection.")]
    group: Annotated[str, describe("The name of the group, as the identity provider sends it.")]
    team: str | None
    role: Annotated[str | None, describe("`manager` or `billing`; null if the rule gives a team.")]
    memberCount: Annotated[
        int, describe("The number of people who were in the group at their last sign-in.")
    ]
    createdAt: str


class SsoGroupList(TypedDict):
    organization: str
    connections: list[SsoConnection]
    rules: list[SsoGroupRule]


_Role = Annotated[
    str,
    Meta(
        min_length=1,
        pattern=rf"^({'|'.join(GROUP_ROLES)})\Z",
        description="`manager` or `billing`.",
    ),
]


class SsoGroupRuleBody(TypedDict):
    """Name either a team or a role."""

    connection: Annotated[
        str, Meta(min_length=1, max_length=64, description="The id of a connection.")
    ]
    group: Annotated[str, Meta(min_length=1, max_length=254)]
    team: NotRequired[Annotated[str, Meta(min_length=1, max_length=64)]]
    role: NotRequired[_Role]
