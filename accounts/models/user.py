"""A person who can sign in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from accounts.names import check_username


class User(AbstractUser):
    """An account. Its user name is also the name of the scope that belongs to it.

    `is_moderator` may decide on held releases; `is_staff` may also enter the admin.
    """

    username = models.CharField(
        max_length=64,
        unique=True,
        validators=[check_username],
        error_messages={"unique": "That user name is taken."},
    )
    is_moderator = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.username
