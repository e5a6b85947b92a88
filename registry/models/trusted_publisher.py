"""The CI jobs that may publish a plugin without a stored token."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.identity import ISSUER_CHARS
from accounts.trusted_publishing.providers import PROVIDERS
from common.bounded_fields import BoundedCharField, BoundedJSONField
from plugport.spec.api.values import CI_PROVIDERS
from plugport.spec.archive.model import KIB
from registry.models.catalog import NAME_CHARS, Plugin


class TrustedPublisher(models.Model):
    """One CI job that may publish the plugin `name`; see `accounts.trusted_publishing.providers`.

    Without `plugin` it is *pending*: the plugin does not exist yet, and the name stays free for
    everybody. The first release creates the plugin for `created_by`.

    The job acts in the name of `created_by`, who answers for its releases, and only as long as that
    account may manage trusted publishers. `identity` is the SHA-256 of what makes it different from
    others. Rows are never changed but for the ids that its first identity token adds.
    """

    name = BoundedCharField(max_length=NAME_CHARS, db_index=True)
    plugin = models.ForeignKey(
        Plugin, null=True, on_delete=models.CASCADE, related_name="trusted_publishers"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="trusted_publishers"
    )
    provider = BoundedCharField(max_length=10, choices=[(key, key) for key in CI_PROVIDERS])
    issuer = BoundedCharField(max_length=ISSUER_CHARS)
    repository = BoundedCharField(max_length=500, blank=True)
    repository_id = BoundedCharField(max_length=20, blank=True, db_index=True)
    owner_id = BoundedCharField(max_length=20, blank=True, db_index=True)
    workflow = BoundedCharField(max_length=300, blank=True)
    environment = BoundedCharField(max_length=255, blank=True)
    claims = BoundedJSONField(
        max_bytes=16 * KIB, excess="400 `invalid-trusted-publisher`", default=dict, blank=True
    )
    identity = BoundedCharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plugin", "identity"], name="a_trusted_publisher_once"),
            models.UniqueConstraint(
                fields=["created_by", "name", "identity"],
                condition=Q(plugin__isnull=True),
                name="a_pending_publisher_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.repository or self.issuer} for {self.name}"

    @property
    def label(self) -> str:
        """Its CI system, as people know it."""
        return PROVIDERS[self.provider].label

    @property
    def source(self) -> str:
        """What its tokens are marked with."""
        return f"trusted-publisher:{self.pk}"
