"""Set the password of an account whose owner followed the link of a mail."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.actions.email.mark_verified import mark_verified
from accounts.actions.factors.remove_factors import remove_all_factors
from accounts.actions.group_rights import take_from_ended_links
from accounts.actions.remove_recent_access import remove_recent_access
from accounts.actions.set_password import store_password
from accounts.models import User
from accounts.queries.organizations import lock_linked_organizations
from accounts.queries.users import (
    find_address_owner,
    lock_accounts_of_address,
    lock_unchanged_account,
)


def reset_password(*, user: User, password: str) -> None:
    """Set the password, revoke all tokens, and verify the address: the mail was read.

    Tokens cannot be kept: the account may have been used by someone else. Links, trusted
    publishers, issuers, domains and SCIM tokens that were added in the last 72 hours are removed; factors stay. The
    mail lists both. If another account has
    verified the address, this one stays unverified. Raises `PasswordChangedError` if the account
    changed since the link was checked.
    """
    encoded = make_password(password)
    with transaction.atomic():
        organizations = lock_linked_organizations(user)
        lock_accounts_of_address(user.email)
        # The mail went to the address that the account had then.
        lock_unchanged_account(user)
        if not user.is_verified and find_address_owner(user) is None:
            mark_verified(user=user, by=user)
            # A stranger who signed up with the address may have added a passkey.
            remove_all_factors(user=user, by=user)
        access = remove_recent_access(user)
        take_from_ended_links(organizations, user)
        store_password(user=user, encoded=encoded, by=user, access=access)
