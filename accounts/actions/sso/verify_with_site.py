"""Verify the address of a new account, because a website says that it has verified it."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.email.mark_verified import mark_verified
from accounts.models import User
from accounts.queries.users import find_address_owner, lock_accounts_of_address


def verify_with_site(*, user: User) -> bool:
    """Mark the account as verified, unless another account has verified the address: then False.

    The caller has the word of a website that the operator configured. Writes an audit entry.
    """
    with transaction.atomic():
        lock_accounts_of_address(user.email)
        if find_address_owner(user) is not None:
            return False
        mark_verified(user=user, by=user)
    return True
