"""Organizations: their members, invitations and teams."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.bounded_fields import BoundedCharField

DISPLAY_NAME_CHARS = 100
DESCRIPTION_CHARS = 500
WEBSITE_CHARS = 200
TEAM_NAME_CHARS = 39


class OrganizationRole(models.TextChoices):
    """What a member of an organization may do, in the order of rights.

    `accounts.policies` has the table of rights.
    """

    OWNER = "owner"
    MANAGER = "manager"
    MEMBER = "member"
    BILLING = "billing"


# What a group of an identity provider can give. Owners are named in the portal only: a mistake at the
# provider must not make one.
GROUP_ROLES = [
    (role.value, role.label) for role in (OrganizationRole.MANAGER, OrganizationRole.BILLING)
]


def hash_invitation_key(key: str) -> str:
    """The hex SHA-256 of the key in a mail, which is all that is stored of it: it has 256 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()


class Organization(models.Model):
    """A group of accounts that owns scopes and plugins. Its name is that of its `owner` row.

    Its members, teams and invitations change only while its row is locked, so that two owners who
    leave at once cannot leave it without one. A deleted one keeps its row, and with it the name: nobody
    else can publish as it. With `requires_second_factor`, the rights of members without one do not count
    (`accounts.security.memberships`). With `sso_only`, those of people count only in sessions of its single
    sign-on.
    """

    display_name = BoundedCharField(max_length=DISPLAY_NAME_CHARS, blank=True)
    description = BoundedCharField(max_length=DESCRIPTION_CHARS, blank=True)
    website = BoundedCharField(max_length=WEBSITE_CHARS, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)
    requires_second_factor = models.BooleanField(default=False)
    sso_only = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Its name. Costs a query unless `owner` is loaded."""
        return self.owner.name


class OrganizationMember(models.Model):
    """The role of an account in an organization. `is_public`: strangers see it on the profile.

    `role_given_at` is set if groups of an identity provider gave the role, and not a person.
    Queries set `missing` to what the account needs so that the rights count (`accounts.policies`), and for
    members `display_name` to the name at the identity provider.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    # PROTECT: deleting an account must not leave an organization without an owner.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="organization_memberships",
    )
    role = BoundedCharField(max_length=12, choices=OrganizationRole.choices)
    # Nullable, and no flag: SQLite replaces the table for a column with a default, and loses its triggers.
    role_given_at = models.DateTimeField(null=True, blank=True)
    is_public = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    missing = ""
    display_name: str | None = None

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user"], name="one_role_in_an_organization"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role} of {self.organization}"


class OrganizationInvitation(models.Model):
    """An offer of a role in an organization, to an account or to the owner of an email address.

    For an address, `key_sha256` is the hash of the key in the mail. It has no effect until it is
    accepted, and ends at `expires_at`.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="invitations"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="organization_invitations",
    )
    email = BoundedCharField(max_length=254, blank=True)
    key_sha256 = BoundedCharField(max_length=64, null=True, unique=True)
    role = BoundedCharField(max_length=12, choices=OrganizationRole.choices)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user"], name="one_organization_invitation_a_person"
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, email="", key_sha256__isnull=True)
                | models.Q(user__isnull=True, email__gt="", key_sha256__isnull=False),
                name="invitation_has_one_addressee",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.addressee} as {self.role} of {self.organization}"

    @property
    def addressee(self) -> str:
        """The user name or the address."""
        return self.email if self.user is None else self.user.username


class Team(models.Model):
    """Members of an organization who have rights together. `registry.TeamRight` has the rights."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="teams")
    name = BoundedCharField(max_length=TEAM_NAME_CHARS)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="one_team_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.organization}/{self.name}"


class TeamMember(models.Model):
    """A member of an organization in one of its teams. It ends with the membership.

    `given_at` is set if groups of an identity provider gave it, and not a person.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    member = models.ForeignKey(OrganizationMember, on_delete=models.CASCADE, related_name="teams")
    given_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "member"], name="once_in_a_team"),
        ]

    def __str__(self) -> str:
        return f"{self.member.user} in {self.team}"
