"""Recovery codes, and what follows from a change of the factors of an account."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.mails import build_url, notify_owner
from accounts.models import User
from accounts.queries.users import lock_account
from accounts.security.errors import NoFactorError
from accounts.security.factors import FACTOR_TYPES
from accounts.security.organization_session import check_is_personal


def replace_recovery_codes(*, actor: User) -> None:
    """Give the actor new codes; the old ones stop working. Writes an audit entry, sends a mail.

    Raises `NoFactorError` for an account without a second factor.
    """
    check_is_personal(actor)
    with transaction.atomic():
        lock_account(actor)
        factors = Authenticator.objects.filter(user=actor)
        if not factors.filter(type__in=FACTOR_TYPES).exists():
            raise NoFactorError("Recovery codes are for accounts with a second factor.")
        factors.filter(type=Authenticator.Type.RECOVERY_CODES).delete()
        RecoveryCodes.activate(actor)
        record_audit_entry(actor=actor, action="recovery-codes.replaced", target=actor)
    notify_of_factor(actor, "New recovery codes were made. The old ones no longer work.")


def follow_factors(user: User) -> None:
    """Update `has_second_factor` and the recovery codes after factors were added or removed.

    Call it in the transaction of the change, with the account locked.
    """
    factors = Authenticator.objects.filter(user=user)
    codes = factors.filter(type=Authenticator.Type.RECOVERY_CODES)
    user.has_second_factor = factors.filter(type__in=FACTOR_TYPES).exists()
    user.save(update_fields=["has_second_factor"])
    if not user.has_second_factor:
        codes.delete()
    elif not codes.exists():
        RecoveryCodes.activate(user)


def notify_of_factor(user: User, change: str) -> None:
    """Tell the owner of a verified address what changed."""
    if user.is_verified:
        url = build_url("security")
        notify_owner("factors_changed", user.email, user=user, change=change, url=url)
