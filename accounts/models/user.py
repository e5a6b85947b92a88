"""User accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from accounts.models.owner import OWNER_NAME_CHARS, Owner
from accounts.username_rules import check_username
from common.bounded_fields import BoundedCharField
from plugport.spec.names import fold_part

# What reaches beyond organizations.
_RIGHTS = frozenset({"is_superuser", "is_staff", "is_moderator"})


class User(AbstractUser):
    """An account. It owns the scope of its user name.

    `is_moderator` allows decisions on releases; `is_staff` gives access to the admin, where they are
    taken.
    `is_verified` allows to create tokens and to publish. Only sign-up creates accounts without it: an
    account that an operator creates needs no proof. `robot_of` is the organization of an account that
    is no person: it cannot sign in, owns nothing, and its name has a `+`, which no person's has. A session ends when
    `session_generation` is increased. `has_second_factor` follows from the factors
    of django-allauth (`accounts.actions.factors`). `session_of` is set for a request: the id of the
    organization whose single sign-on opened the session, and which the account then reaches alone. `collision_key` is equal for all names that look alike, which prevents impersonation (PKG-1).
    """

    username = BoundedCharField(
        max_length=OWNER_NAME_CHARS,
        unique=True,
        validators=[check_username],
        error_messages={"unique": "That user name is taken."},
    )
    collision_key = BoundedCharField(max_length=64, db_index=True, editable=False)
    robot_of = models.ForeignKey(
        "accounts.Organization",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="robots",
    )
    is_moderator = models.BooleanField(default=False)
    is_verified = models.BooleanField(
        "verified",
        default=True,
        help_text="The owner opened the link in the verification mail, or an operator vouches for the "
        "account. Without it, the account cannot create tokens or publish.",
    )

    session_generation = models.PositiveIntegerField(default=0, editable=False)
    has_second_factor = models.BooleanField(default=False, editable=False)
    session_of: int | None = None

    class Meta(AbstractUser.Meta):
        # Sign-in and password reset look accounts up by address, whatever its case.
        indexes = (models.Index(Lower("email"), name="user_email_lower"),)

    def __str__(self) -> str:
        return self.username

    def get_session_auth_hash(self) -> str:
        """What each session of the account must have: follows from the password and the generation."""
        return self._add_generation(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same with earlier keys (`SECRET_KEY_FALLBACKS`)."""
        for each in super().get_session_auth_fallback_hash():
            yield self._add_generation(each)

    def _add_generation(self, session_hash: str) -> str:
        # Accounts that never signed out everywhere keep the sessions of earlier versions.
        if not self.session_generation:
            return session_hash
        text = f"{session_hash} {self.session_generation}"
        return salted_hmac("accounts.models.user", text, algorithm="sha256").hexdigest()

    def limit_to_organization(self, organization_id: int) -> None:
        """Take the rights away that reach beyond the organization, for this request."""
        self.session_of = organization_id
        for name in _RIGHTS:
            setattr(self, name, False)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Load the row again, without the rights that the session took away."""
        super().refresh_from_db(*args, **kwargs)
        if self.session_of is not None:
            self.limit_to_organization(self.session_of)

    @property
    def is_robot(self) -> bool:
        """Whether it is a robot of an organization."""
        return self.robot_of_id is not None

    def clean(self) -> None:
        """Raise `ValidationError` if an organization has the user name."""
        super().clean()
        taken = Owner.objects.filter(name=self.username, organization__isnull=False)
        if not self.is_robot and taken.exists():
            raise ValidationError({"username": "An organization has that name."})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the account, with `collision_key` derived from the user name, and its `Owner`."""
        self.collision_key = fold_part(self.username)
        # A caller that saves only the name must not leave the old key behind.
        if "username" in (fields := kwargs.get("update_fields") or ()):
            kwargs["update_fields"] = {*fields, "collision_key"}
        if self.session_of is not None:
            # What the session took away in memory stays in the database.
            names = kwargs.get("update_fields") or {f.name for f in self._meta.concrete_fields}
            kwargs["update_fields"] = set(names) - _RIGHTS - {"id"}
        is_new = self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            self._save_owner(is_new=is_new, fields=fields)

    def _save_owner(self, *, is_new: bool, fields: Collection[str]) -> None:
        """Create the owner of a new account, or give it the name of a renamed one."""
        if self.is_robot:
            return
        if is_new:
            Owner.objects.create(kind=Owner.Kind.PERSON, name=self.username, user=self)
        elif not fields or "username" in fields:
            rows = Owner.objects.filter(user=self).exclude(name=self.username)
            rows.update(name=self.username, collision_key=self.collision_key)
