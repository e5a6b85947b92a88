"""Owners: the persons and organizations to which scopes and roles belong."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from common.bounded_fields import BoundedCharField
from plugport.spec.names import fold_part

OWNER_NAME_CHARS = 64


class Owner(models.Model):
    """A person or an organization. Its `name` is the scope that belongs to it alone (PKG-1).

    Everything that can belong to both refers to this table. The row is written in the transaction
    that creates or renames the account or the organization. `collision_key` is equal for names that
    look alike.
    """

    class Kind(models.TextChoices):
        PERSON = "person"
        ORGANIZATION = "organization"

    kind = BoundedCharField(max_length=12, choices=Kind.choices)
    name = BoundedCharField(max_length=OWNER_NAME_CHARS, unique=True)
    # Not unique: accounts that are older than the rule may look alike.
    collision_key = BoundedCharField(max_length=OWNER_NAME_CHARS, db_index=True, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="owner"
    )

    organization = models.OneToOneField(
        "accounts.Organization", null=True, on_delete=models.CASCADE, related_name="owner"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="person", user__isnull=False, organization__isnull=True)
                | models.Q(kind="organization", user__isnull=True, organization__isnull=False),
                name="owner_is_one_party",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the owner, with `collision_key` derived from the name."""
        self.collision_key = fold_part(self.name)
        super().save(*args, **kwargs)

    @property
    def is_open(self) -> bool:
        """Whether it has a profile: accounts are closed, organizations deleted. Needs the one it is."""
        if self.organization is not None:
            return self.organization.deleted_at is None
        return self.user is None or self.user.is_active
