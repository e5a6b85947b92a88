"""User accounts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

from accounts.username_rules import check_username
from common.bounded_fields import BoundedCharField
from plugport.spec.names import fold_part


class User(AbstractUser):
    """An account. It owns the scope of its user name.

    `is_moderator` allows decisions on releases; `is_staff` gives access to the admin, where they are
    taken.
    `is_verified` allows to create tokens and to publish. Only sign-up creates accounts without it: an
    account that an operator creates needs no proof. `collision_key` is equal for all names that look alike, which prevents impersonation (PKG-1).
    """

    username = BoundedCharField(
        max_length=64,
        unique=True,
        validators=[check_username],
        error_messages={"unique": "That user name is taken."},
    )
    collision_key = BoundedCharField(max_length=64, db_index=True, editable=False)
    is_moderator = models.BooleanField(default=False)
    is_verified = models.BooleanField(
        "verified",
        default=True,
        help_text="The owner opened the link in the verification mail, or an operator vouches for the "
        "account. Without it, the account cannot create tokens or publish.",
    )

    class Meta(AbstractUser.Meta):
        # Sign-in and password reset look accounts up by address, whatever its case.
        indexes = (models.Index(Lower("email"), name="user_email_lower"),)

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the account, with `collision_key` derived from the user name."""
        self.collision_key = fold_part(self.username)
        # A caller that saves only the name must not leave the old key behind.
        if "username" in (fields := kwargs.get("update_fields") or ()):
            kwargs["update_fields"] = {*fields, "collision_key"}
        super().save(*args, **kwargs)
