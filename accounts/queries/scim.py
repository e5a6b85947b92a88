"""Reads of SCIM. Each function states how many SQL queries it runs; tests pin these numbers.

Pages and other actions use them too, so nothing here loads the library of SCIM, which takes 17 MB.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from django.db import connection
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from accounts.domains.names import fold_domain
from accounts.models import (
    Organization,
    ScimFailure,
    ScimGroup,
    ScimGroupMember,
    ScimToken,
    ScimUser,
    User,
)
from accounts.models.token import hash_token
from plugport.spec.text import has_nul
from plugport.spec.token_text import is_token_text

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


def find_scim_token(text: str) -> ScimToken | None:
    """The token with that text, with its organization, if it is usable: 1 query.

    None for text that is no token.
    """
    if not is_token_text(text):
        return None
    rows = ScimToken.objects.select_related("organization__owner")
    token = rows.filter(sha256=hash_token(text)).first()
    return token if token is not None and token.is_usable() else None


def list_scim_tokens_to_end(hashes: Collection[str]) -> list[ScimToken]:
    """The tokens with the hashes, with their organizations, locked until the transaction ends: 1 query, or none."""
    if not hashes:
        return []
    rows = ScimToken.objects.select_related("organization__owner").filter(sha256__in=hashes)
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))


def list_scim_tokens(organization: Organization) -> list[ScimToken]:
    """The tokens that are not revoked, newest first: 1 query."""
    return list(organization.scim_tokens.filter(revoked_at=None))


def count_scim_users(organization: Organization) -> int:
    """The active users: 1 query."""
    return organization.scim_users.filter(is_active=True).count()


def list_scim_failures(organization: Organization) -> list[ScimFailure]:
    """The requests that were refused, newest first: 1 query."""
    return list(organization.scim_failures.all()[:50])


def list_groups_of(rows: Iterable[ScimUser]) -> dict[int, list[ScimGroup]]:
    """The groups of each user, by name: 1 query."""
    found: dict[int, list[ScimGroup]] = {row.pk: [] for row in rows}
    places = ScimGroupMember.objects.filter(member__in=found).select_related("group")
    for place in places.order_by("group__display_key"):
        found[place.member_id].append(place.group)
    return found


def find_scim_user(organization: Organization, public_id: str) -> ScimUser | None:
    """The user of the organization, with its account: 1 query."""
    rows = organization.scim_users.select_related("user")
    row = None if has_nul(public_id) else rows.filter(public_id=public_id[:64]).first()
    if row is not None:
        row.organization = organization
    return row


class Admission(NamedTuple):
    """Whether an organization can have a new user, and the account the address of the user."""

    is_taken: bool
    user_count: int
    is_address_proven: bool
    is_address_verified: bool

    @property
    def is_address_free(self) -> bool:
        """Whether the organization has proven the domain, and no account has verified the address."""
        return self.is_address_proven and not self.is_address_verified


# Not built by Django, which takes longer than the database: an import runs it for each of thousands of
# people. The condition of the index of external ids is repeated, or the index would not be used.
_ADMISSION = """
SELECT
    EXISTS (
        SELECT 1 FROM accounts_scimuser WHERE organization_id = %(organization)s AND user_name_key = %(name)s
    ) OR EXISTS (
        SELECT 1 FROM accounts_scimuser
        WHERE organization_id = %(organization)s AND external_id = %(external_id)s AND NOT external_id = ''
    ),
    (SELECT COUNT(*) FROM accounts_scimuser WHERE organization_id = %(organization)s),
    EXISTS (
        SELECT 1 FROM accounts_ownerdomain
        WHERE owner_id = %(owner)s AND domain = %(domain)s AND verified_at IS NOT NULL
    ),
    EXISTS (SELECT 1 FROM accounts_user WHERE LOWER(email) = %(address)s AND is_verified)
"""


def get_admission(row: ScimUser, address: str) -> Admission:
    """What the database says about a new user with that address, which may be empty: 1 query.

    Call it with the organization and the address locked.
    """
    values: dict[str, Any] = {
        "organization": row.organization_id,
        "name": row.user_name_key,
        "external_id": row.external_id,
        "owner": row.organization.owner.pk,
        "domain": fold_domain(address.rpartition("@")[2]) if address else None,
        "address": address.lower() or None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADMISSION, values)
        is_taken, count, is_proven, is_verified = cursor.fetchone()
    return Admission(bool(is_taken), count, bool(is_proven), bool(is_verified))


def list_scim_users_of_person(
    organization: Organization, *, subject: str, name_keys: Collection[str], email: str
) -> list[ScimUser]:
    """At most two users that the answer of the organization's identity provider fits: 1 query.

    Those whose `externalId` is the subject, whose `userName` has one of the keys, or whose account has
    verified the address. With their accounts.
    """
    condition = Q(user_name_key__in=name_keys)
    if subject:
        condition |= Q(external_id=subject)
    if email:
        condition |= Q(user__email__iexact=email, user__is_verified=True)
    rows = organization.scim_users.filter(condition)
    return list(rows.select_related("user").order_by("pk")[:2])


def is_closed_by_scim(user: User) -> bool:
    """Whether an identity provider deactivated the account, and may activate it again: 1 query."""
    return ScimUser.objects.filter(user=user, has_closed=True).exists()


def find_scim_group(organization: Organization, public_id: str) -> ScimGroup | None:
    """The group of the organization, with its team: 1 query."""
    rows = organization.scim_groups.select_related("team")
    row = None if has_nul(public_id) else rows.filter(public_id=public_id[:64]).first()
    if row is not None:
        row.organization = organization
    return row


def list_group_members(group: ScimGroup) -> list[ScimUser]:
    """The members by id: 1 query."""
    return list(ScimUser.objects.filter(groups__group=group).order_by("pk"))


def list_members_of(rows: Iterable[ScimGroup]) -> dict[int, list[ScimUser]]:
    """The members of each group: 1 query."""
    found: dict[int, list[ScimUser]] = {row.pk: [] for row in rows}
    places = ScimGroupMember.objects.filter(group__in=found).select_related("member")
    for place in places.order_by("member"):
        found[place.group_id].append(place.member)
    return found


def select_scim_users(organization: Organization, condition: Q) -> QuerySet[ScimUser]:
    """The users that meet the condition, in a fixed order. Runs no query."""
    return organization.scim_users.filter(condition).order_by("pk")


def select_scim_groups(organization: Organization, condition: Q) -> QuerySet[ScimGroup]:
    """The groups that meet the condition, in a fixed order. Runs no query."""
    return organization.scim_groups.filter(condition).order_by("pk")


class _Counts(TypedDict):
    member_count: int


def list_mapped_groups(organization: Organization) -> list[WithAnnotations[ScimGroup, _Counts]]:
    """The groups by name with their teams, and the number of members as `member_count`: 1 query."""
    rows = organization.scim_groups.select_related("team").annotate(member_count=Count("members"))
    return list(rows.order_by("display_key"))


def find_members(organization: Organization, ids: Collection[str]) -> Sequence[ScimUser]:
    """The users with the ids, of the organization alone: 1 query, or none."""
    return list(organization.scim_users.filter(public_id__in=ids)) if ids else []


def bump_groups(ids: Collection[int]) -> None:
    """Give the groups a new version, because their members changed: 1 query, or none."""
    if ids:
        rows = ScimGroup.objects.filter(pk__in=ids)
        rows.update(version=F("version") + 1, modified_at=timezone.now())


def bump_users(ids: Collection[int]) -> None:
    """Give the users a new version, because their groups changed: 1 query, or none."""
    if ids:
        rows = ScimUser.objects.filter(pk__in=ids)
        rows.update(version=F("version") + 1, modified_at=timezone.now())


def matches_version(row: ScimUser | ScimGroup, header: str) -> bool:
    """Whether a list of ETags has that of the row, or is `*`."""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or f'"{row.version}"' in tags
