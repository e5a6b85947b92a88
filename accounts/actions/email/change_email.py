"""Change the email address of an account that is not verified."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import EmailVerifiedError
from accounts.models import User
from accounts.security.organization_session import check_is_personal


def change_email(*, actor: User, email: str) -> None:
    """Set the address, which is verified by a mail afterwards. Writes an audit entry.

    For accounts that are not verified yet, whose owner mistyped the address. Raises
    `EmailVerifiedError` for others. Earlier links stop working. Whether another account has the
    address is not checked: the answer would tell the actor.
    """
    check_is_personal(actor)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=actor.pk)
        if user.is_verified:
            raise EmailVerifiedError("The email address of your account is verified.")
        actor.email = user.email = email.lower()
        user.save(update_fields=["email"])
        record_audit_entry(actor=actor, action="email.changed", target=user)
