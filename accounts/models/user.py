"""User accounts."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.contrib.auth.models import AbstractUser, Group
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models.owner import OWNER_NAME_CHARS, Owner
from accounts.username_rules import check_username
from common.bounded_fields import BoundedCharField
from plugport.spec.names import fold_part

MAX_SUSPENSION_REASON_CHARS = 500


class AccountGroup(models.TextChoices):
    """The groups that have rights in the whole registry, by the names of their rows."""

    MODERATOR = "moderator", "Moderator"
    SECURITY_REVIEWER = "security-reviewer", "Security reviewer"
    OPERATOR = "operator", "Operator"


# The column of the account that says that it is in the group: policies ask it without a query.
GROUP_FIELDS = {
    AccountGroup.MODERATOR: "is_moderator",
    AccountGroup.SECURITY_REVIEWER: "is_security_reviewer",
    AccountGroup.OPERATOR: "is_superuser",
}
# What reaches beyond organizations.
_RIGHTS = frozenset({"is_staff", *GROUP_FIELDS.values()})


class User(AbstractUser):
    """An account. It owns the scope of its user name.

    `is_moderator`, `is_security_reviewer` and `is_superuser` say which of the `AccountGroup`s it is in;
    `save` and `accounts.signals` keep them equal to the rows of Django's groups. `is_staff` gives access
    to the admin. `accounts.policies` says what they allow.
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
    is_security_reviewer = models.BooleanField(default=False)
    is_verified = models.BooleanField(
        "verified",
        default=True,
        help_text="The owner opened the link in the verification mail, or an operator vouches for the "
        "account. Without it, the account cannot create tokens or publish.",
    )

    session_generation = models.PositiveIntegerField(default=0, editable=False)
    has_second_factor = models.BooleanField(default=False, editable=False)
    session_of: int | None = None
    # How it signs in does not matter: nobody is signed in, as for mails and CI jobs.
    is_absent = False

    # Whether its groups count. Not for programs whose token lacks the scope `admin` (`accounts.api`).
    is_elevated = True

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
        # Saving the account must not take the groups away.
        self.follow_groups({})

    def as_absent(self) -> User:
        """A copy for questions about the account that no request of its own asks."""
        absent = copy.copy(self)
        absent.is_absent = True
        return absent

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
        # Without a savepoint: a caller in a transaction needs none.
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
            self._save_owner(is_new=is_new, fields=fields)
            self._save_groups()

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> User:
        """Load the account, and remember its groups, so that `save` sees what changed."""
        user = super().from_db(*args, **kwargs)
        user.follow_groups({})
        return user

    @property
    def registry_groups(self) -> frozenset[str]:
        """The names of its groups: no query."""
        values = self.__dict__
        return frozenset(group for group, field in GROUP_FIELDS.items() if values.get(field))

    def follow_groups(self, values: Mapping[str, bool]) -> None:
        """Take over what was stored in the columns of the groups."""
        for field, value in values.items():
            setattr(self, field, value)
        self._stored_groups = self.registry_groups

    def _save_groups(self) -> None:
        """Make the rows of the groups equal to the columns: no query if nothing changed."""
        names = self.registry_groups
        stored: frozenset[str] = getattr(self, "_stored_groups", frozenset())
        if names == stored:
            return
        self._stored_groups = names
        if lost := stored - names:
            self.groups.remove(*Group.objects.filter(name__in=lost))
        if names - stored:
            self.groups.add(*(Group.objects.get_or_create(name=name)[0] for name in names - stored))

    def _save_owner(self, *, is_new: bool, fields: Collection[str]) -> None:
        """Create the owner of a new account, or give it the name of a renamed one."""
        if self.is_robot:
            return
        if is_new:
            Owner.objects.create(kind=Owner.Kind.PERSON, name=self.username, user=self)
        elif not fields or "username" in fields:
            rows = Owner.objects.filter(user=self).exclude(name=self.username)
            rows.update(name=self.username, collision_key=self.collision_key)


class Suspension(models.Model):
    """Why an account is suspended. The account is then not active, as a closed one, but can be restored.

    Without a row, an account that is not active is closed forever. With `is_final`, it was to be closed
    forever meanwhile, and is so when the suspension ends.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="suspension")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reason = BoundedCharField(max_length=MAX_SUSPENSION_REASON_CHARS)
    at = models.DateTimeField(default=timezone.now)
    is_final = models.BooleanField(default=False, editable=False)

    def __str__(self) -> str:
        return f"{self.user_id}: {self.reason}"
