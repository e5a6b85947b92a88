"""Reads of second factors."""

from __future__ import annotations

from allauth.mfa.models import Authenticator

from accounts.models import User
from accounts.security.encryption import UnreadableSecretError


def list_factors(user: User) -> list[Authenticator]:
    """The factors and recovery codes of the account, oldest first: 1 query."""
    return list(Authenticator.objects.filter(user=user).order_by("pk"))


def find_recovery_codes(user: User) -> list[str] | None:
    """The codes that are not used yet: 1 query. None without a second factor.

    None too if `SECRET_KEY` was replaced since they were made.
    """
    kind = Authenticator.Type.RECOVERY_CODES
    factor = Authenticator.objects.filter(user=user, type=kind).first()
    if factor is None:
        return None
    try:
        return [str(code) for code in factor.wrap().get_unused_codes()]
    except UnreadableSecretError:
        return None
