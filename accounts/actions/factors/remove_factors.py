"""Remove second factors from an account."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.actions.factors.recovery import follow_factors, notify_of_factor
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from accounts.queries.users import lock_account
from accounts.security.errors import NoFactorError
from accounts.security.organization_session import check_is_personal
from plugport.spec.text import quote_text


def remove_factor(*, actor: User, factor_id: int) -> str:
    """Remove an authenticator app or a passkey of the actor; returns what it was called.

    With the last factor, the recovery codes go too. Writes an audit entry, sends a mail. Raises
    `NoFactorError`.
    """
    check_is_personal(actor)
    with transaction.atomic():
        lock_account(actor)
        factors = Authenticator.objects.filter(user=actor)
        factor = (
            factors.exclude(type=Authenticator.Type.RECOVERY_CODES).filter(pk=factor_id).first()
        )
        if factor is None:
            raise NoFactorError("Your account has no such factor.")
        label = _describe(factor)
        factor.delete()
        follow_factors(actor)
        record_audit_entry(
            actor=actor, action="factor.removed", target=actor, kind=str(factor.type)
        )
    notify_of_factor(actor, f"{label[0].upper()}{label[1:]} was removed.")
    return label


def remove_all_factors(*, user: User, by: User | None) -> int:
    """Remove all factors of an account whose owner lost them; returns their number.

    `by` None means an operator or the system. Writes an audit entry if there were any, sends a mail.
    """
    with transaction.atomic():
        lock_account(user)
        factors = Authenticator.objects.filter(user=user)
        count: int = factors.exclude(type=Authenticator.Type.RECOVERY_CODES).count()
        factors.delete()
        follow_factors(user)
        if count:
            record_audit_entry(actor=by, action="factors.removed", target=user, count=count)
    if count:
        notify_of_factor(user, "All second factors were removed.")
    return count


def _describe(factor: Authenticator) -> str:
    if factor.type == Authenticator.Type.WEBAUTHN:
        return f"the passkey {quote_text(factor.data['name'])}"
    return "the authenticator app"
