"""The keys in the links of verification mails: signed, valid for three days, bound to one account."""

from __future__ import annotations

import re

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from accounts.models import User


class _VerificationKeys(PasswordResetTokenGenerator):
    """Django's signed keys, which `PASSWORD_RESET_TIMEOUT` limits in time."""

    key_salt = "accounts.security.verification_keys"

    def _make_hash_value(self, user: AbstractBaseUser, timestamp: int) -> str:
        assert isinstance(user, User)
        # A key stops working when the address changes, and when it was used.
        return f"{user.pk} {user.email.lower()} {user.is_verified} {timestamp}"


_keys = _VerificationKeys()
# At most 18 digits: longer numbers are no id of a table.
_ID = re.compile(r"([0-9]{1,18})-")


def build_verification_key(user: User) -> str:
    """A key that proves that its holder can read the mails to the account's address."""
    return f"{user.pk}-{_keys.make_token(user)}"


def is_verification_key(user: User, key: str) -> bool:
    """Whether the key was made for this account and its current address, and is still valid."""
    pk, _, token = key.partition("-")
    return pk == str(user.pk) and _keys.check_token(user, token)


def parse_account_id(key: str) -> int | None:
    """The id of the account for which the key was made, None if it has no such form."""
    found = _ID.match(key)
    return int(found[1]) if found else None
