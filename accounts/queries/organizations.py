"""Reads of organizations. Each function states how many SQL queries it runs; tests pin these numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.utils import timezone

from accounts.errors import (
    UnknownOrganizationError,
    UnknownOrganizationInvitationError,
    UnknownPersonError,
    UnknownRobotError,
    UnknownTeamError,
)
from accounts.models import (
    Organization,
    OrganizationInvitation,
    OrganizationMember,
    OrganizationRole,
    SsoIdentity,
    Team,
    TeamMember,
    User,
)
from accounts.models.organization import hash_invitation_key
from accounts.policies import OrganizationRight, get_missing, list_organization_rights
from accounts.queries.paging import MAX_PEOPLE_PER_PAGE, RowPage, read_page
from accounts.security.memberships import (
    build_membership_condition,
    build_protected_condition,
    build_reached_condition,
)
from accounts.sso.scim.keys import build_key
from plugport.spec.text import has_nul, quote_text, remove_nul

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

# Ids are 64-bit integers in the databases, and larger ones are errors there.
_MAX_ID = 2**63 - 1
# Owners first.
_RANK = Case(*(When(role=role, then=Value(rank)) for rank, role in enumerate(OrganizationRole)))


def get_organization(name: str) -> Organization:
    """The organization with its owner row: 1 query. Raises `UnknownOrganizationError`."""
    rows = Organization.objects.select_related("owner").filter(deleted_at=None)
    organization = None if has_nul(name) else rows.filter(owner__name=name).first()
    if organization is None:
        raise UnknownOrganizationError(f"There is no organization {quote_text(name)}.")
    return organization


def lock_organization(organization: Organization) -> Organization:
    """Lock the row until the transaction ends; returns it as it is now: 1 query.

    In this app before the account of the actor or a member (`lock_unchanged_account`), or two transactions could
    wait for each other. The registry locks it after accounts and plugins, since a plugin says which organizations
    hold it: should the two meet, PostgreSQL ends one, which gets 503 or is tried again. Raises `UnknownOrganizationError` if it was deleted.
    """
    # `no_key`: rows that refer to it are written meanwhile.
    rows = Organization.objects.select_for_update(of=("self",), no_key=True)
    locked = rows.select_related("owner").filter(pk=organization.pk, deleted_at=None).first()
    if locked is None:
        raise UnknownOrganizationError(f"There is no organization `{organization.name}`.")
    return locked


def lock_linked_organizations(user: User) -> list[Organization]:
    """Lock the organizations whose providers sign in to the account, until the transaction ends: 1 query.

    Before the account, as `lock_organization`.
    """
    linked = SsoIdentity.objects.filter(
        connection__owner__organization=OuterRef("pk"), user=user, is_provisioned=False
    )
    rows = Organization.objects.select_for_update(of=("self",), no_key=True)
    return list(rows.filter(Exists(linked)).order_by("pk"))


def lock_organizations_to_leave(user: User) -> None:
    """Lock the organizations of an account that is closed, and those that it is invited to: 1 query.

    Before the account, as `lock_organization`.
    """
    is_member = OrganizationMember.objects.filter(organization=OuterRef("pk"), user=user)
    is_invited = _build_addressee(user) & Q(organization=OuterRef("pk"))
    rows = Organization.objects.select_for_update(of=("self",), no_key=True)
    invited = OrganizationInvitation.objects.filter(is_invited)
    list(rows.filter(Exists(is_member) | Exists(invited)).order_by("pk").values_list("pk"))


@dataclass(frozen=True, slots=True)
class People:
    """A page of the members that the viewer may see, owners first, and the viewer's rights."""

    organization: Organization
    page: RowPage[OrganizationMember]
    rights: frozenset[OrganizationRight]


def get_people(
    organization: Organization,
    *,
    viewer: User | None,
    text: str = "",
    number: int = 1,
    limit: int = MAX_PEOPLE_PER_PAGE,
) -> People:
    """The members without robots: 3 queries, 2 without a viewer.

    Strangers see the members that chose to be shown, without what the identity provider says about
    them. With `text`, only those whose user name, or shown name at the provider, has it.
    """
    rights = list_organization_rights(viewer, organization)
    rows = organization.memberships.filter(user__robot_of=None).select_related("user")
    found = Q(user__username__icontains=text)
    if OrganizationRight.SEE_MEMBERS in rights:
        provisioned = organization.scim_users.filter(user=OuterRef("user"))
        rows = rows.annotate(provider_name=Subquery(provisioned.values("display_name")))
        found |= Q(Exists(provisioned.filter(display_key__contains=build_key(text))))
    else:
        rows = rows.filter(is_public=True, user__is_active=True)
    if text:
        rows = rows.filter(found)
    page = read_page(rows.order_by(_RANK, "user__username"), number=number, limit=limit)
    for member in page.rows:
        member.display_name = getattr(member, "provider_name", None)
    return People(organization, page, rights)


def list_memberships(user: User) -> list[OrganizationMember]:
    """The organizations of the account that its session reaches, by name: 1 query.

    Those too in which its rights do not count: `missing` says why.
    """
    rows = OrganizationMember.objects.filter(build_reached_condition(user))
    counts = ExpressionWrapper(build_membership_condition(user), output_field=BooleanField())
    found = rows.annotate(has_rights=counts).select_related("organization__owner", "user")
    memberships = list(found.order_by("organization__owner__name"))
    for membership in memberships:
        if not membership.has_rights:
            membership.missing = get_missing(membership.organization)
    return list(memberships)


def list_unlinked(organization: Organization) -> list[OrganizationMember]:
    """The members whom the single sign-on of the organization does not sign in yet, owners first: 1 query.

    Accounts that SCIM created are linked at their first sign-in.
    """
    identities = SsoIdentity.objects.filter(
        user=OuterRef("user"), connection__owner=organization.owner, connection__is_enabled=True
    )
    provisioned = organization.scim_users.filter(user=OuterRef("user"))
    rows = organization.memberships.filter(
        ~Exists(identities), ~Exists(provisioned), user__is_active=True, user__robot_of=None
    )
    return list(rows.select_related("user").order_by(_RANK, "user__username"))


def list_unprotected(organization: Organization) -> list[OrganizationMember]:
    """The members whose rights end where a second factor is required, owners first: 1 query.

    In sessions that the single sign-on of the organization opens, they keep them.
    """
    rows = organization.memberships.filter(user__is_active=True)
    rows = rows.exclude(build_protected_condition()).select_related("user")
    return list(rows.order_by(_RANK, "user__username"))


def list_last_owned(user: User) -> list[str]:
    """The organizations, by name, in which nobody else with an open account is an owner: 1 query."""
    owners = OrganizationMember.objects.filter(role=OrganizationRole.OWNER)
    others = owners.filter(organization=OuterRef("organization"), user__is_active=True)
    rows = owners.filter(user=user).exclude(Exists(others.exclude(user=user)))
    names = rows.order_by("organization__owner__name")
    return list(names.values_list("organization__owner__name", flat=True))


def list_owner_accounts(organization: Organization) -> list[User]:
    """The open accounts of the owners that have a verified address: 1 query."""
    rows = organization.memberships.filter(
        role=OrganizationRole.OWNER, user__is_active=True, user__is_verified=True
    )
    return [each.user for each in rows.select_related("user").order_by("pk")]


def list_public_memberships(user: User) -> list[OrganizationMember]:
    """The organizations that the account shows on its profile: 1 query."""
    return [each for each in list_memberships(user) if each.is_public]


def get_person(organization: Organization, username: str) -> OrganizationMember:
    """The membership of the account: 1 query. Raises `UnknownPersonError`."""
    rows = organization.memberships.select_related("user")
    member = rows.filter(user__username=remove_nul(username)).first()
    if member is None:
        raise UnknownPersonError(
            f"{quote_text(username)} is not a member of `{organization.name}`."
        )
    member.organization = organization
    return member


def list_organization_invitations(organization: Organization) -> list[OrganizationInvitation]:
    """The pending invitations, newest first: 1 query."""
    return list(_filter_pending(Q(organization=organization)))


def list_own_organization_invitations(user: User) -> list[OrganizationInvitation]:
    """The pending invitations of the account, newest first: 1 query.

    Those to its verified address too: the key in a mail is for people who have no account yet.
    """
    return list(_filter_pending(_build_addressee(user)))


def get_own_organization_invitation(user: User, invitation_id: int) -> OrganizationInvitation:
    """A pending invitation of the account: 1 query. Raises `UnknownOrganizationInvitationError`."""
    rows = _filter_pending(_build_addressee(user))
    is_id = 0 < invitation_id <= _MAX_ID
    return _require_invitation(rows.filter(pk=invitation_id).first() if is_id else None)


def get_invitation_of_key(key: str) -> OrganizationInvitation:
    """The pending invitation whose mail had the key: 1 query.

    Raises `UnknownOrganizationInvitationError`.
    """
    rows = _filter_pending(Q(key_sha256=hash_invitation_key(key)))
    return _require_invitation(rows.first())


def get_sent_invitation(organization: Organization, invitation_id: int) -> OrganizationInvitation:
    """A pending invitation of the organization: 1 query.

    Raises `UnknownOrganizationInvitationError`.
    """
    rows = _filter_pending(Q(organization=organization))
    is_id = 0 < invitation_id <= _MAX_ID
    return _require_invitation(rows.filter(pk=invitation_id).first() if is_id else None)


def _require_invitation(invitation: OrganizationInvitation | None) -> OrganizationInvitation:
    if invitation is None:
        raise UnknownOrganizationInvitationError(
            "There is no such invitation.",
            hint="It may have been withdrawn, or it has expired. Ask for another one.",
        )
    return invitation


def _build_addressee(user: User) -> Q:
    named = Q(user=user)
    return named | Q(email=user.email.lower()) if user.is_verified and user.email else named


def _filter_pending(condition: Q) -> QuerySet[OrganizationInvitation]:
    """Those whose sender may still send them: as in `invite_person`, only owners invite owners."""
    senders = OrganizationMember.objects.filter(
        build_membership_condition(OuterRef("invited_by")), organization=OuterRef("organization")
    )
    can_invite = (
        Q(invited_by__is_superuser=True)
        | Exists(senders.filter(role=OrganizationRole.OWNER))
        | Q(Exists(senders.filter(role=OrganizationRole.MANAGER)), ~Q(role=OrganizationRole.OWNER))
    )
    rows = OrganizationInvitation.objects.filter(
        condition, can_invite, expires_at__gt=timezone.now(), invited_by__is_active=True
    )
    related = ("organization__owner", "user", "invited_by")
    return rows.select_related(*related).order_by("-id")


class _Counts(TypedDict):
    member_count: int


def list_teams(organization: Organization) -> list[WithAnnotations[Team, _Counts]]:
    """The teams by name, with the number of members as `member_count`: 1 query."""
    return list(organization.teams.annotate(member_count=Count("members")).order_by("name"))


def get_team(organization: Organization, name: str) -> Team:
    """The team: 1 query. Raises `UnknownTeamError`."""
    team = organization.teams.filter(name=remove_nul(name)).first()
    if team is None:
        raise UnknownTeamError(f"`{organization.name}` has no team {quote_text(name)}.")
    team.organization = organization
    return team


def list_team_members(
    team: Team, *, number: int = 1, limit: int = MAX_PEOPLE_PER_PAGE
) -> RowPage[TeamMember]:
    """A page of the members by name, with their accounts: 2 queries, 1 if there are none."""
    rows = team.members.select_related("member__user").order_by("member__user__username")
    return read_page(rows, number=number, limit=limit)


def list_robots(organization: Organization) -> list[User]:
    """The open robots by name: 1 query."""
    return list(organization.robots.filter(is_active=True).order_by("username"))


def get_robot(organization: Organization, username: str) -> User:
    """The open robot: 1 query. Raises `UnknownRobotError`."""
    rows = organization.robots.filter(is_active=True)
    robot = rows.filter(username=remove_nul(username)).first()
    if robot is None:
        raise UnknownRobotError(f"`{organization.name}` has no robot {quote_text(username)}.")
    return robot
