"""Organizations, their members, teams, robots and invitations."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from msgspec import Meta

from plugport.spec.api.domains import Proof
from plugport.spec.api.plugins import Pagination
from plugport.spec.api.values import ORGANIZATION_ROLES, ROLES, describe, one_of

ORGANIZATION_REMOVALS = ("member", "invitation")


class Organization(TypedDict):
    name: str
    displayName: str
    description: str
    website: str
    createdAt: str
    proofs: Annotated[
        list[Proof],
        describe("The domains, and the accounts and groups of code hosts, that it has proven."),
    ]


class Membership(TypedDict):
    """The role of the caller in an organization."""

    organization: str
    role: Annotated[str, one_of(ORGANIZATION_ROLES)]
    isPublic: Annotated[bool, describe("Whether the profile shows the membership to everybody.")]
    needsSecondFactor: Annotated[
        bool,
        describe("Whether its rights do not count until the account has a second factor."),
    ]
    needsSingleSignOn: Annotated[
        bool,
        describe("Whether its rights count in sessions of the organization's single sign-on only."),
    ]
    since: str


class OrganizationMember(TypedDict):
    username: str
    displayName: Annotated[
        str | None,
        describe("In lists for members: the name at the organization's identity provider."),
    ]
    role: Annotated[str, one_of(ORGANIZATION_ROLES)]
    isPublic: bool
    since: str


class OrganizationInvitation(TypedDict):
    """An offer of a role in an organization. Nothing changes until the person accepts it."""

    id: int
    organization: str
    username: Annotated[str | None, describe("Null for an invitation of an email address.")]
    email: Annotated[str | None, describe("Null for an invitation of an account.")]
    role: Annotated[str, one_of(ORGANIZATION_ROLES)]
    invitedBy: str
    createdAt: str
    expiresAt: str


class MembershipList(TypedDict):
    memberships: list[Membership]
    invitations: Annotated[
        list[OrganizationInvitation],
        describe("The pending ones of the account and of its verified address, newest first."),
    ]


class OrganizationMemberList(TypedDict):
    """One page of the members."""

    name: str
    members: Annotated[
        list[OrganizationMember],
        describe("Owners first. Strangers see the members that chose to be shown."),
    ]
    pagination: Pagination
    invitations: Annotated[
        list[OrganizationInvitation] | None,
        describe("The pending ones, newest first; null unless the caller manages the members."),
    ]


class SecondFactorRule(TypedDict):
    organization: str
    required: Annotated[
        bool, describe("Whether rights count only for members with a second factor.")
    ]
    without: Annotated[
        list[str],
        describe("The members who have, or would have, no rights: at most 100, owners first."),
    ]
    withoutCount: Annotated[int, describe("The number of all of them.")]


class SsoRule(TypedDict):
    organization: str
    required: Annotated[
        bool,
        describe("Whether the rights of people count in sessions of its single sign-on only."),
    ]
    without: Annotated[
        list[str],
        describe("The members whom it does not sign in yet: at most 100, owners first."),
    ]
    withoutCount: Annotated[int, describe("The number of all of them.")]


class DeletedOrganization(TypedDict):
    organization: str
    deleted: bool


class OrganizationRemoval(TypedDict):
    organization: str
    username: str
    removed: Annotated[str, one_of(ORGANIZATION_REMOVALS)]


class TeamRight(TypedDict):
    target: Annotated[str, describe("A plugin, `@acme/chat`, or a scope, `@acme`.")]
    role: Annotated[str, one_of(ROLES)]


class Team(TypedDict):
    name: str
    organization: str
    members: Annotated[
        list[str], describe("One page of the user names, also of robots, in alphabetical order.")
    ]
    pagination: Annotated[Pagination, describe("Of the members.")]
    rights: list[TeamRight]


class TeamSummary(TypedDict):
    name: str
    memberCount: int


class TeamList(TypedDict):
    name: str
    teams: list[TeamSummary]


class Robot(TypedDict):
    username: str
    organization: str
    createdAt: str


class RobotList(TypedDict):
    name: str
    robots: list[Robot]


class RobotToken(TypedDict):
    robot: str
    name: str
    token: Annotated[str, describe("The text of the token. It is shown once.")]
    expiresAt: str


class OrganizationDeletion(TypedDict):
    organization: str
    name: str


_Text = Annotated[str, Meta(max_length=500)]
_OrganizationRole = Annotated[
    str,
    Meta(
        min_length=1,
        pattern=rf"^({'|'.join(ORGANIZATION_ROLES)})\Z",
        description="`owner`, `manager`, `member` or `billing`.",
    ),
]
_PluginRole = Annotated[
    str,
    Meta(
        min_length=1,
        pattern=rf"^({'|'.join(ROLES)})\Z",
        description="`owner`, `maintainer` or `publisher`.",
    ),
]
_Name = Annotated[str, Meta(min_length=1, max_length=64)]


class OrganizationBody(TypedDict):
    name: _Name
    displayName: NotRequired[_Text]


class OrganizationEditBody(TypedDict, total=False):
    """The texts of the profile; empty removes one."""

    displayName: _Text
    description: _Text
    website: _Text


class OrganizationInvitationBody(TypedDict):
    addressee: Annotated[
        str,
        Meta(min_length=1, max_length=254, description="A user name or an email address."),
    ]
    role: _OrganizationRole


class OrganizationRoleBody(TypedDict):
    role: _OrganizationRole


class SecondFactorBody(TypedDict):
    required: bool


class SsoRuleBody(TypedDict):
    required: bool


class VisibilityBody(TypedDict):
    isPublic: bool


class TeamBody(TypedDict):
    name: _Name


class TeamRightBody(TypedDict):
    role: _PluginRole


class RobotTokenBody(TypedDict):
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    scopes: Annotated[list[str], Meta(min_length=1, max_length=10)]
    limits: NotRequired[Annotated[list[str], Meta(max_length=20)]]
    days: NotRequired[
        Annotated[int, Meta(description="Days until it expires; 30 if it is missing.")]
    ]
