"""Create the account of a person who signs up."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import ActorKind, Owner, User
from accounts.queries.reserved_prefixes import share_prefixes
from accounts.username_rules import check_username_has_free_prefix, check_username_is_free
from common.name_locks import lock_name
from plugport.spec.names import fold_part


def create_account(user: User, *, actor: ActorKind | None = None) -> None:
    """Save a new account and write an audit entry, unless its name was taken since the form was checked.

    `actor` None means the person. Raises `ValidationError` if an account, an organization or a scope has the name, or one that looks alike,
    or if the name has a reserved prefix.
    """
    with transaction.atomic():
        share_prefixes()
        # Two people who sign up at once with names that look alike would both pass the check.
        lock_name(fold_part(user.username))
        if Owner.objects.filter(name=user.username).exists():
            raise ValidationError("That user name is taken.", code="name-taken")
        check_username_is_free(user.username)
        check_username_has_free_prefix(user.username)
        user.save(force_insert=True)
        record_audit_entry(actor=actor or user, action="account.created", target=user)
