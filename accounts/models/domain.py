"""Domains, and namespaces on code hosts, that belong to owners."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.owner import Owner
from common.bounded_fields import BoundedCharField

# The same number as in `accounts.domains.names`, which imports no models.
DOMAIN_CHARS = 253
TOKEN_CHARS = 43


class OwnerDomain(models.Model):
    """A domain or namespace that an owner says is its own. It is proven while `verified_at` is set.

    `domain` has A-labels in lower case, or is `HOST/NAMESPACE` for an account or group of a code host.
    `token` has to be in DNS, or in a file there. A CI job can prove a namespace too (`Method.JOB`);
    `namespace_id` is then its id, which no other account or group ever gets. `failed_since` is the first of the
    failed checks of a proven domain, which stays proven for some days. `problem` says what the last
    check found, if it failed. At most one owner has proven a domain.
    """

    class Method(models.TextChoices):
        DNS = "dns"
        FILE = "file"
        JOB = "job"

    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="domains")
    domain = BoundedCharField(max_length=DOMAIN_CHARS)
    token = BoundedCharField(max_length=TOKEN_CHARS)
    method = BoundedCharField(max_length=4, choices=Method.choices, default=Method.DNS)
    namespace_id = BoundedCharField(max_length=20, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    verified_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    failed_since = models.DateTimeField(null=True, blank=True)
    problem = BoundedCharField(max_length=400, blank=True)
    # When the periodic work checks a proven domain again.
    next_check_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "domain"], name="owner_has_domain_once"),
            models.UniqueConstraint(
                fields=["domain"],
                condition=models.Q(verified_at__isnull=False),
                name="domain_proven_by_one_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.domain} of {self.owner}"

    @property
    def is_namespace(self) -> bool:
        """Whether it is an account or group of a code host, and no domain."""
        return "/" in self.domain

    @property
    def is_proven(self) -> bool:
        """Whether the domain counts as the owner's."""
        return self.verified_at is not None

    @property
    def state(self) -> str:
        """`pending`, `proven`, or `failing` for a proven domain whose last check failed."""
        if not self.is_proven:
            return "pending"
        return "proven" if self.failed_since is None else "failing"
