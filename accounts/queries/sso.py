"""Reads of single sign-on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from django.db.models import Count, Exists, OuterRef, Q

from accounts.models import (
    Organization,
    OrganizationMember,
    Owner,
    SsoConnection,
    SsoFailure,
    SsoGroupRule,
    SsoIdentity,
    User,
)
from accounts.queries.domains import find_owner_of_domain
from accounts.sso.errors import UnknownConnectionError, UnknownGroupRuleError
from plugport.spec.text import has_nul, remove_nul

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


def get_connection(public_id: str) -> SsoConnection:
    """The connection with its organization, on or off: 1 query. Raises `UnknownConnectionError`."""
    rows = SsoConnection.objects.select_related("owner__organization")
    connection = None if has_nul(public_id) else rows.filter(public_id=public_id[:64]).first()
    if connection is None:
        raise UnknownConnectionError("There is no such single sign-on connection.")
    return connection


def get_owned_connection(public_id: str, organization: Organization | None) -> SsoConnection:
    """The connection of the organization, or of the whole registry: 1 query.

    Raises `UnknownConnectionError`, also for those of others.
    """
    connection = get_connection(public_id)
    if connection.organization != organization:
        raise UnknownConnectionError("There is no such single sign-on connection.")
    return connection


def lock_connection(connection: SsoConnection) -> SsoConnection:
    """The connection as it is now, locked until the transaction ends: 1 query."""
    rows = SsoConnection.objects.select_for_update(of=("self",))
    return rows.select_related("owner__organization").get(pk=connection.pk)


def list_connections() -> list[SsoConnection]:
    """All connections, those of the whole registry first, by name: 1 query."""
    rows = SsoConnection.objects.select_related("owner").defer("document", "secret")
    return sorted(rows, key=lambda each: each.owner.name if each.owner else "")


def list_organization_connections(organization: Organization) -> list[SsoConnection]:
    """The connections of the organization by name, with their owner: 1 query."""
    rows = SsoConnection.objects.filter(owner__organization=organization).select_related("owner")
    return list(rows.defer("document", "secret"))


def list_enabled_connections() -> list[SsoConnection]:
    """The connections with which people sign in to the whole registry, by name: 1 query."""
    rows = SsoConnection.objects.filter(is_enabled=True, owner=None)
    return list(rows.only("public_id", "name", "kind"))


def list_connections_of_login(text: str) -> list[SsoConnection]:
    """The connections that are on, of the organization of an email address or a name: 2 queries.

    By address, that of the owner of the domain, which is proven now, and which the connection names. The
    same queries whether the organization exists or not.
    """
    text = remove_nul(text).strip()
    local, at, domain = text.rpartition("@")
    rows = SsoConnection.objects.filter(is_enabled=True).select_related("owner")
    rows = rows.defer("document", "secret")
    if not (at and local):
        name = domain.lower()
        owner = Owner.objects.filter(name=name, organization__isnull=False).first()
        return list(rows.filter(owner__isnull=False, owner=owner))
    owner = find_owner_of_domain(domain)
    found = list(rows.filter(owner__isnull=False, owner=owner))
    return [each for each in found if domain.lower() in each.email_domains]


def list_linkable_connections(user: User) -> list[SsoConnection]:
    """The connections that are on, of the whole registry and of the user's organizations: 1 query."""
    of_member = Exists(
        OrganizationMember.objects.filter(organization=OuterRef("owner__organization"), user=user)
    )
    rows = SsoConnection.objects.filter(Q(owner=None) | of_member, is_enabled=True)
    return list(rows.select_related("owner").defer("document", "secret"))


def list_removed_accounts(connection: SsoConnection) -> list[User]:
    """The accounts that the connection created and that are no longer members, at most 100: 1 query."""
    if connection.owner is None:
        return []
    members = OrganizationMember.objects.filter(
        organization=connection.owner.organization_id, user=OuterRef("pk")
    )
    rows = User.objects.filter(
        ~Exists(members),
        sso_identities__connection=connection,
        sso_identities__is_provisioned=True,
        is_active=True,
    )
    return list(rows.order_by("username")[:100])


class _MemberCount(TypedDict):
    member_count: int


def list_group_rules(
    organization: Organization,
) -> list[WithAnnotations[SsoGroupRule, _MemberCount]]:
    """The rules for groups of all connections of the organization, with their teams: 1 query.

    `member_count` is the number of people who were in the group at their last sign-in.
    """
    rows = SsoGroupRule.objects.filter(connection__owner__organization=organization)
    rows = rows.select_related("team", "connection").defer(
        "connection__document", "connection__secret"
    )
    found = rows.annotate(member_count=Count("members"))
    return list(found.order_by("connection__name", "connection", "group", "pk"))


def get_group_rule(organization: Organization, rule_id: int) -> SsoGroupRule:
    """The rule of a connection of the organization: 1 query. Raises `UnknownGroupRuleError`."""
    rows = SsoGroupRule.objects.filter(connection__owner__organization=organization)
    rows = rows.select_related("team__organization", "connection__owner__organization")
    rule = rows.filter(pk=rule_id).first() if 0 < rule_id < 2**63 else None
    if rule is None:
        raise UnknownGroupRuleError(f"`{organization.name}` has no such rule for a group.")
    return rule


def list_failures(connection: SsoConnection) -> list[SsoFailure]:
    """The last refused answers, the newest first: 1 query."""
    return list(connection.failures.all()[:20])


def list_identities(user: User) -> list[SsoIdentity]:
    """The links of the account: 1 query."""
    rows = SsoIdentity.objects.filter(user=user).select_related("connection__owner")
    return list(rows.defer("connection__document", "connection__secret"))


def count_identities(connection: SsoConnection) -> int:
    """How many accounts the connection signs in: 1 query."""
    return connection.identities.count()
