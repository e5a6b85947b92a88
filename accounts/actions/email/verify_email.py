"""Verify the email address of an account."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.email.mark_verified import mark_verified
from accounts.errors import EmailTakenError, VerificationLinkError
from accounts.models import User
from accounts.queries.users import find_address_owner, lock_accounts_of_address
from accounts.security.verification_keys import is_verification_key


def verify_email(*, actor: User, key: str) -> None:
    """Verify the actor's address with the key of a mail, and write an audit entry.

    Raises `VerificationLinkError`, and `EmailTakenError` if another account verified the address in
    the meantime. Verifying a verified account changes nothing.
    """
    with transaction.atomic():
        # Two accounts with one address cannot both pass the check below.
        lock_accounts_of_address(actor.email)
        actor.refresh_from_db()
        if actor.is_verified:
            return
        if not is_verification_key(actor, key):
            raise VerificationLinkError(
                "The link is expired, or it belongs to another account or another address.",
                hint="Request a new link.",
            )
        if find_address_owner(actor) is not None:
            raise EmailTakenError(
                "Another account has verified this address.",
                hint="Sign in to that account, or enter another address.",
            )
        mark_verified(user=actor, by=actor)
