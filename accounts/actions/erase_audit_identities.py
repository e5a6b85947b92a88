"""Erase the names and addresses of an account from the audit log."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import AuditIdentity, User


def erase_audit_identities(
    *, account: User, actor: User | None, action: str = "account.erased"
) -> int:
    """Delete the name, addresses and user agents of an account from all its entries; returns how many.

    The entries stay, with the pseudonym `deleted-` and the number of the account. Writes an entry with
    the action, which says that nothing was tampered with. Call it when the account is deleted or made
    anonymous. It cannot be undone.
    """
    with transaction.atomic():
        record_audit_entry(actor=actor, action=action, target=account)
        count, _ = AuditIdentity.objects.filter(account_id=account.pk).delete()
    return count
