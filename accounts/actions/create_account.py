"""Create the account of a person who signs up."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from accounts.queries.reserved_prefixes import share_prefixes_and_lock_name
from accounts.username_rules import check_new_account_is_free, check_username_has_free_prefix
from plugport.spec.names import fold_part


def create_account(user: User) -> None:
    """Save a new account and write an audit entry, unless its name was taken since the form was checked.

    Raises `ValidationError` if an account, an organization or a scope has the name, or one that looks alike,
    or if the name has a reserved prefix.
    """
    with transaction.atomic():
        claim_username(user.username)
        user.save(force_insert=True)
        record_audit_entry(actor=user, action="account.created", target=user)


def claim_username(name: str) -> None:
    """Keep the name for an account that this transaction creates: 3 queries, 4 on PostgreSQL.

    Raises `ValidationError` as `create_account`.
    """
    # Two people who sign up at once with names that look alike would both pass the check.
    share_prefixes_and_lock_name(fold_part(name))
    check_new_account_is_free(name)
    check_username_has_free_prefix(name)
