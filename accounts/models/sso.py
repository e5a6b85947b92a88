"""Single sign-on: identity providers, who signs in with them, and what they answered."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models.organization import GROUP_ROLES, Organization, Team
from common.bounded_fields import BoundedCharField, BoundedJSONField, BoundedTextField
from plugport.spec.archive.model import KIB

SUBJECT_CHARS = 255
GROUP_CHARS = 254
DETAIL_CHARS = 400


def build_public_id() -> str:
    """A random id for URLs: those of connections tell nothing about others."""
    return secrets.token_hex(8)


class SsoConnection(models.Model):
    """An identity provider whose people sign in here: to the whole registry, or to one organization.

    `owner` is the organization, null for the whole registry. With `creates_accounts`, a person who is
    new gets an account at the first sign-in.
    `secret` is encrypted: the client secret of OpenID Connect, or the key with which SAML requests are
    signed. `group_rules` grants rights in the whole registry by group; those of organizations are
    `SsoGroupRule`. Addresses in `email_domains` count as verified.
    `document` is what the provider publishes, as it was fetched at `document_at`. A connection can be
    switched on after a test sign-in, which each change of what it trusts makes necessary again.
    """

    OIDC, SAML = "oidc", "saml"

    public_id = BoundedCharField(max_length=16, unique=True, default=build_public_id)
    owner = models.ForeignKey(
        "accounts.Owner",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="sso_connections",
    )
    creates_accounts = models.BooleanField(default=True)
    kind = BoundedCharField(max_length=4, choices=[(OIDC, "OpenID Connect"), (SAML, "SAML")])
    name = BoundedCharField(max_length=60)
    settings = BoundedJSONField(
        max_bytes=64 * KIB, excess="the form refuses longer values", default=dict
    )
    secret = BoundedTextField(
        max_bytes=16 * KIB, excess="the form refuses longer values", blank=True
    )
    group_rules = BoundedJSONField(
        max_bytes=16 * KIB, excess="the form refuses longer values", default=list, blank=True
    )
    email_domains = BoundedJSONField(
        max_bytes=16 * KIB, excess="the form refuses longer values", default=list, blank=True
    )
    document = BoundedJSONField(
        max_bytes=512 * KIB,
        excess="sign-in is refused: `provider-unavailable`",
        default=dict,
        blank=True,
    )
    document_at = models.DateTimeField(null=True, blank=True)
    is_enabled = models.BooleanField(default=False)
    tested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def organization(self) -> Organization | None:
        """The organization that it signs in to. Costs queries unless `owner__organization` is loaded."""
        return None if self.owner is None else self.owner.organization

    def has_group_rules(self) -> bool:
        """Whether groups give rights: at most 1 query."""
        if self.owner_id is None:
            return bool(self.group_rules)
        return self.organization_rules.exists()


class SsoIdentity(models.Model):
    """A person of an identity provider, and the account that the person signs in to.

    `is_provisioned` accounts were created for the identity; others were linked by their owners.
    `granted` are the rights that group rules gave.
    """

    connection = models.ForeignKey(
        SsoConnection, on_delete=models.CASCADE, related_name="identities"
    )
    subject = BoundedCharField(max_length=SUBJECT_CHARS)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sso_identities"
    )
    is_provisioned = models.BooleanField(default=False)
    granted = BoundedJSONField(
        max_bytes=16 * KIB,
        excess="rules are limited to 100: 400 `invalid-sso-connection`",
        default=list,
    )
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "SSO identities"
        constraints = [
            models.UniqueConstraint(fields=["connection", "subject"], name="sso_subject_once"),
            models.UniqueConstraint(fields=["connection", "user"], name="sso_user_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.user}"


class SsoGroupRule(models.Model):
    """What the people in a group of an organization's provider get at a sign-in: one team, or one role."""

    connection = models.ForeignKey(
        SsoConnection, on_delete=models.CASCADE, related_name="organization_rules"
    )
    group = BoundedCharField(max_length=GROUP_CHARS)
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="sso_rules")
    role = BoundedCharField(max_length=12, blank=True, choices=GROUP_ROLES)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["group", "id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "group", "team"], name="sso_team_once"),
            models.UniqueConstraint(
                fields=["connection", "group", "role"],
                condition=models.Q(team__isnull=True),
                name="sso_role_once",
            ),
            models.CheckConstraint(
                condition=models.Q(team__isnull=False, role="")
                | models.Q(team__isnull=True, role__gt=""),
                name="sso_rule_gives_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group} → {self.role or self.team}"

    def describe(self) -> dict[str, str]:
        """The group and what it gives, as the audit log has it: no query if the team is loaded."""
        return {
            "group": self.group,
            "team": self.team.name if self.team else "",
            "role": self.role,
        }


class SsoGroupMember(models.Model):
    """A person who was in the group of the rule at the last sign-in with its connection."""

    rule = models.ForeignKey(SsoGroupRule, on_delete=models.CASCADE, related_name="members")
    identity = models.ForeignKey(SsoIdentity, on_delete=models.CASCADE, related_name="groups")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "identity"], name="once_in_an_sso_group"),
        ]

    def __str__(self) -> str:
        return f"{self.identity_id} in {self.rule_id}"


class SsoSession(models.Model):
    """A session that single sign-on opened, so that the identity provider can end it.

    `provider_session` is the provider's id of its session: `sid`, or `SessionIndex`. `name_id` is the
    SAML `NameID`.
    """

    identity = models.ForeignKey(SsoIdentity, on_delete=models.CASCADE, related_name="sessions")
    session_key = BoundedCharField(max_length=40, unique=True)
    provider_session = BoundedCharField(max_length=SUBJECT_CHARS, blank=True)
    name_id = BoundedCharField(max_length=SUBJECT_CHARS, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"session of {self.identity_id}"


class SsoAnswer(models.Model):
    """An answer of an identity provider that was accepted, so that it is not accepted again.

    `sha256` is that of its id. A SAML answer arrives without the cookie of the session, so `person`
    keeps what it says until the browser shows the ticket, seconds later.
    """

    connection = models.ForeignKey(SsoConnection, on_delete=models.CASCADE, related_name="answers")
    sha256 = BoundedCharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    ticket_sha256 = BoundedCharField(max_length=64, blank=True, db_index=True)
    ticket_until = models.DateTimeField(null=True, blank=True)
    request_id = BoundedCharField(max_length=SUBJECT_CHARS, blank=True)
    person = BoundedJSONField(
        max_bytes=32 * KIB, excess="sign-in is refused: `too-large`", null=True, blank=True
    )

    def __str__(self) -> str:
        return f"{self.sha256[:12]} until {self.expires_at:%Y-%m-%d %H:%M}"


class SsoFailure(models.Model):
    """Why an answer of an identity provider was refused, for those who set the connection up."""

    connection = models.ForeignKey(SsoConnection, on_delete=models.CASCADE, related_name="failures")
    at = models.DateTimeField(default=timezone.now)
    reason = BoundedCharField(max_length=40)
    detail = BoundedCharField(max_length=DETAIL_CHARS)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.reason}"


class BreakGlassAccount(models.Model):
    """Marks an account of an operator that signs in with its password while passwords are switched off.

    For the day on which the identity provider does not work.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="break_glass"
    )
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.user)
