"""Use a code of an authenticator app, or a recovery code."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from accounts.queries.users import lock_account
from accounts.security.encryption import UnreadableSecretError
from accounts.security.factors import find_counter, normalize_code, read_secret


def accept_code(*, user: User, text: str) -> Authenticator | None:
    """The factor whose code it is; None if it is not valid. Each code is accepted once.

    The time step of a code is stored with the app, so neither the same code nor an earlier one is
    accepted again, whatever a cache forgets. A recovery code leaves an audit entry. The caller limits
    the number of attempts.
    """
    code = normalize_code(text)
    if not code:
        return None
    with transaction.atomic():
        # Two requests with one code wait for each other.
        lock_account(user)
        for factor in Authenticator.objects.filter(user=user):
            if factor.type == Authenticator.Type.TOTP and _accept_of_app(factor, code):
                return factor
            if factor.type == Authenticator.Type.RECOVERY_CODES and _accept_of_list(factor, code):
                record_audit_entry(actor=user, action="recovery-code.used", target=user)
                return factor
    return None


def _accept_of_app(factor: Authenticator, code: str) -> bool:
    secret = read_secret(factor)
    counter = find_counter(secret, code, after=factor.data.get("counter", 0)) if secret else None
    if counter is None:
        return False
    factor.data["counter"] = counter
    factor.last_used_at = timezone.now()
    factor.save(update_fields=["data", "last_used_at"])
    return True


def _accept_of_list(factor: Authenticator, code: str) -> bool:
    try:
        return bool(factor.wrap().validate_code(code))
    except UnreadableSecretError:
        return False
