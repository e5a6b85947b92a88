"""A person who can sign in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models

from accounts.names import check_username
from plugport.spec.names import fold_part


class User(AbstractUser):
    """An account. Its user name is also the name of the scope that belongs to it.

    `is_moderator` may decide on held releases; `is_staff` may also enter the admin.
    `collision_key` is the same for all names that a reader could take for this one (PKG-1).
    """

    username = models.CharField(
        max_length=64,
        unique=True,
        validators=[check_username],
        error_messages={"unique": "That user name is taken."},
    )
    collision_key = models.CharField(max_length=64, db_index=True, editable=False)
    is_moderator = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the key that belongs to the name."""
        self.collision_key = fold_part(self.username)
        if "username" in (fields := kwargs.get("update_fields") or ()):
            kwargs["update_fields"] = {*fields, "collision_key"}
        super().save(*args, **kwargs)
