"""What the registry stores of the identity tokens of CI systems, which it never stores themselves."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.owner import Owner
from accounts.models.token import Token
from common.bounded_fields import BoundedCharField, BoundedJSONField
from plugport.spec.archive.model import KIB

ISSUER_CHARS = 300


class IssuerKeys(models.Model):
    """The public keys of an issuer, as they were fetched last.

    All processes share a row: otherwise, each of them would fetch the keys. `next_fetch_at` is the
    earliest time of the next attempt; who moves it on makes the attempt.
    """

    issuer = BoundedCharField(max_length=ISSUER_CHARS, unique=True)
    keys = BoundedJSONField(
        max_bytes=64 * KIB, excess="the keys are refused: 503 `issuer-unavailable`", default=list
    )
    fetched_at = models.DateTimeField(null=True, blank=True)
    next_fetch_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "issuer keys"

    def __str__(self) -> str:
        return self.issuer


class UsedAssertion(models.Model):
    """An identity token that was accepted, so that it is not accepted again until it expires.

    `sha256` is that of its issuer and `jti`, and of what was signed if it has no `jti`. The unique
    constraint decides races.
    """

    sha256 = BoundedCharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.sha256[:12]} until {self.expires_at:%Y-%m-%d %H:%M}"


class MintedToken(models.Model):
    """Marks a token that was issued for an identity token, and not by a person.

    `source` names the configuration that allowed it: a change of that revokes the token. `run` are
    the facts about the CI job that users see, such as its repository and commit.
    """

    token = models.OneToOneField(Token, on_delete=models.CASCADE, related_name="minted")
    source = BoundedCharField(max_length=60, db_index=True)
    run = BoundedJSONField(max_bytes=8 * KIB, excess="each fact is cut to 500 characters")

    def __str__(self) -> str:
        return f"{self.token} for {self.source}"


class RegisteredIssuer(models.Model):
    """An issuer of identity tokens that an owner trusts for plugins of its own, and for no others."""

    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="issuers")
    url = BoundedCharField(max_length=ISSUER_CHARS, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "url"], name="an_issuer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.url} of {self.owner}"
