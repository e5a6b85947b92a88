"""Mark an account as verified."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User


def mark_verified(*, user: User, by: User | None) -> None:
    """Set `is_verified` and write an audit entry; `by` None means an operator at the command line.

    The caller has proof of the address, or is an operator.
    """
    with transaction.atomic():
        user.is_verified = True
        user.save(update_fields=["is_verified"])
        record_audit_entry(actor=by, action="email.verified", target=user)
