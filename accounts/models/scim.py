"""SCIM: the users and groups that the identity provider of an organization provisions, and its tokens."""

from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models.organization import GROUP_ROLES
from common.bounded_fields import BoundedCharField, BoundedJSONField, BoundedTextField
from plugport.spec.archive.model import KIB

ID_CHARS = 32
USER_NAME_CHARS = 254
EXTERNAL_ID_CHARS = 255
NAME_CHARS = 150
EMAIL_CHARS = 254
MAX_EMAILS = 10
REASON_CHARS = 400
_EXCESS = "longer values are refused: 400 `invalidValue`"


def build_scim_id() -> str:
    """A random id: nobody finds users by counting."""
    return secrets.token_hex(ID_CHARS // 2)


class ScimToken(models.Model):
    """A token with which an identity provider changes the users and groups of one organization.

    Stored as the SHA-256 of its text. `start` is the visible beginning. It does nothing but SCIM, and
    belongs to the organization: it stays when the owner who made it leaves.
    """

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="scim_tokens"
    )
    name = BoundedCharField(max_length=100)
    start = BoundedCharField(max_length=12)
    sha256 = BoundedCharField(max_length=64, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = BoundedCharField(max_length=45, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.start}… ({self.name})"

    def is_usable(self, now: dt.datetime | None = None) -> bool:
        """Whether the token is neither revoked nor expired."""
        return self.revoked_at is None and self.expires_at > (now or timezone.now())


class _Resource(models.Model):
    """What users and groups have in common. `version` increases with every change that SCIM shows."""

    public_id = BoundedCharField(max_length=ID_CHARS, unique=True, default=build_scim_id)
    external_id = BoundedCharField(max_length=EXTERNAL_ID_CHARS, blank=True, excess=_EXCESS)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    modified_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

    @property
    def etag(self) -> str:
        """The version as HTTP has it (RFC 7644, section 3.14)."""
        return f'W/"{self.version}"'


class ScimUser(_Resource):
    """A person at the identity provider of an organization, and the account here.

    `user_name` and the names are those of the provider; the account has a name of its own. Each `*_key`
    is the text as comparisons use it. `email_keys` has a line with type and value for each address, for
    filters. The account was created for the user, and closes with `is_active`. `has_closed` is set while
    it is to be closed because of that. SCIM opens no other accounts, and none that is suspended.
    """

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="scim_users"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="scim_users"
    )
    is_active = models.BooleanField(default=True)
    has_closed = models.BooleanField(default=False)
    user_name = BoundedCharField(max_length=USER_NAME_CHARS, excess=_EXCESS)
    user_name_key = BoundedCharField(max_length=USER_NAME_CHARS, excess=_EXCESS)
    display_name = BoundedCharField(max_length=NAME_CHARS, blank=True, excess=_EXCESS)
    display_key = BoundedCharField(max_length=NAME_CHARS, blank=True, excess=_EXCESS)
    given_key = BoundedCharField(max_length=NAME_CHARS, blank=True, excess=_EXCESS)
    family_key = BoundedCharField(max_length=NAME_CHARS, blank=True, excess=_EXCESS)
    name = BoundedJSONField(max_bytes=8 * KIB, excess=_EXCESS, default=dict, blank=True)
    emails = BoundedJSONField(max_bytes=16 * KIB, excess=_EXCESS, default=list, blank=True)
    email_keys = BoundedTextField(max_bytes=16 * KIB, excess=_EXCESS, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user_name_key"], name="scim_user_name_once"
            ),
            models.UniqueConstraint(
                fields=["organization", "external_id"],
                condition=~models.Q(external_id=""),
                name="scim_user_external_id_once",
            ),
            models.UniqueConstraint(fields=["organization", "user"], name="scim_account_once"),
        ]

    def __str__(self) -> str:
        return self.user_name


class ScimGroup(_Resource):
    """A group at the identity provider, and what its members get: a team, a role, or nothing yet."""

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="scim_groups"
    )
    display_name = BoundedCharField(max_length=NAME_CHARS, excess=_EXCESS)
    display_key = BoundedCharField(max_length=NAME_CHARS, excess=_EXCESS)
    team = models.ForeignKey(
        "accounts.Team", null=True, on_delete=models.SET_NULL, related_name="scim_groups"
    )
    role = BoundedCharField(max_length=12, blank=True, choices=GROUP_ROLES)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "display_key"], name="scim_group_name_once"
            ),
            models.UniqueConstraint(
                fields=["organization", "external_id"],
                condition=~models.Q(external_id=""),
                name="scim_group_external_id_once",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name


class ScimGroupMember(models.Model):
    """A user in a group. Both are of the same organization."""

    group = models.ForeignKey(ScimGroup, on_delete=models.CASCADE, related_name="members")
    member = models.ForeignKey(ScimUser, on_delete=models.CASCADE, related_name="groups")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "member"], name="once_in_a_scim_group"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} in {self.group_id}"


class ScimFailure(models.Model):
    """A request of an identity provider that was refused, for those who set it up."""

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="scim_failures"
    )
    at = models.DateTimeField(default=timezone.now)
    request = BoundedCharField(max_length=120, excess="cut")
    status = models.PositiveSmallIntegerField()
    reason = BoundedCharField(max_length=REASON_CHARS, excess="cut")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.status} {self.request}"
