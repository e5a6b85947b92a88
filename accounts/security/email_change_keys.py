"""The keys in the links of mails about a change of the address of a verified account.

They are signed and contain both addresses, so nothing is stored until they are used.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User

CHANGE_SECONDS = 3 * 86_400
UNDO_SECONDS = 3 * 86_400
_CHANGE, _UNDO = "change-", "undo-"
_SALT = "accounts.security.email_change_keys."


@dataclass(frozen=True, slots=True)
class EmailChange:
    """A change of the account with that id from one address to another.

    `mark` stands for the password at that time: a key is not valid after a new one.
    """

    user_id: int
    old: str
    new: str
    mark: str = ""

    def is_of(self, user: User) -> bool:
        """Whether the account, its address and its password are those of the request."""
        is_marked = constant_time_compare(self.mark, _build_mark(user))
        return is_marked and (self.user_id, self.old) == (user.pk, user.email)


def _build_mark(user: User) -> str:
    return salted_hmac(_SALT + "password", user.password, algorithm="sha256").hexdigest()[:32]


def build_change_key(user: User, new: str) -> str:
    """The key for the new address, which proves that its holder reads the mails to it."""
    return _CHANGE + signing.dumps(
        [user.pk, user.email, new, _build_mark(user)], salt=_SALT + _CHANGE
    )


def build_undo_key(change: EmailChange) -> str:
    """The key for the old address, which reverses the change."""
    return _UNDO + signing.dumps([change.user_id, change.old, change.new], salt=_SALT + _UNDO)


def parse_change_key(key: str) -> EmailChange | None:
    """The change of which it is the key; None if it is not valid, or no longer."""
    return _parse(key, _CHANGE, CHANGE_SECONDS)


def parse_undo_key(key: str) -> EmailChange | None:
    """The change that it reverses; None if it is not valid, or no longer."""
    return _parse(key, _UNDO, UNDO_SECONDS)


def _parse(key: str, prefix: str, seconds: int) -> EmailChange | None:
    if not key.startswith(prefix):
        return None
    try:
        values = signing.loads(key.removeprefix(prefix), salt=_SALT + prefix, max_age=seconds)
    except signing.BadSignature:
        return None
    return EmailChange(*values)
