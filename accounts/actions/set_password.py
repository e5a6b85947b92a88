"""Set the password of an account."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.actions.end_recent_access import notify_other_owners
from accounts.actions.group_rights import take_from_ended_links
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.remove_recent_access import remove_recent_access
from accounts.actions.tokens.revoke_all_tokens import revoke_all_tokens
from accounts.hooks.recovery import AddedAccess, run_recovery_steps
from accounts.mails import build_url, notify_owner
from accounts.models import Token, User
from accounts.queries.organizations import lock_linked_organizations
from accounts.queries.users import lock_account, lock_unchanged_account
from accounts.security.organization_session import check_is_personal
from plugport.spec.text import quote_text

_MAX_NAMES = 50


def set_password(
    *,
    user: User,
    password: str | None,
    by: User | None,
    kept_token_ids: Collection[int] = (),
) -> list[Token]:
    """Set the password; revoke all tokens but those with the given ids, and end what `accounts.hooks.recovery` names.

    A person who knew the old password may have created tokens. All sessions end too, as Django compares
    them with the password. Writes audit entries, and sends a mail with the names of the tokens to the
    owner; `by` None means an operator. Returns the revoked tokens. Raises `PasswordChangedError` if the
    account changed since its owner proved to be the owner.
    """
    check_is_personal(user)
    # Before the transaction: a hash takes long, and may wait for others.
    encoded = make_password(password)
    if by is None:
        return set_password_as_operator(user=user, encoded=encoded)
    return store_password(user=user, encoded=encoded, by=by, kept_token_ids=kept_token_ids)


def set_password_as_operator(*, user: User, encoded: str) -> list[Token]:
    """As `set_password`, with a hash; also removes what was added lately, as a reset by mail does.

    An operator does it for an owner who lost the account, perhaps to somebody else.
    """
    with transaction.atomic():
        organizations = lock_linked_organizations(user)
        lock_account(user)
        access = remove_recent_access(user)
        take_from_ended_links(organizations, user)
        return store_password(user=user, encoded=encoded, by=None, access=access)


def store_password(
    *,
    user: User,
    encoded: str,
    by: User | None,
    kept_token_ids: Collection[int] = (),
    access: AddedAccess | None = None,
) -> list[Token]:
    """As `set_password`, with a hash (`make_password`), for callers within a transaction.

    `access` is what a reset removed and what it kept, for the mail.
    """
    with transaction.atomic():
        if by == user:
            lock_unchanged_account(user)
        user.password = encoded
        user.save(update_fields=["password"])
        record_audit_entry(actor=by, action="password.changed", target=user)
        tokens = revoke_all_tokens(user=user, by=by, kept_token_ids=kept_token_ids)
        withdrawn = run_recovery_steps(user, by)
    # Someone else may have signed up with the address of a person who has no account.
    if user.is_verified:
        notify_owner(
            "password_changed",
            user.email,
            user=user,
            kept=_list_names(tokens.kept),
            revoked=_list_names(tokens.revoked),
            withdrawn=_cut(withdrawn),
            removed_access=_cut(access.removed) if access else [],
            kept_access=_cut(access.kept) if access else [],
            security_url=build_url("security"),
            is_by_operator=by is None,
            reset_url=build_url("account_reset_password"),
        )
    if access is not None:
        notify_other_owners(user, access.organizations)
    return tokens.revoked


def _list_names(tokens: list[Token]) -> list[str]:
    # Quoted: a thief chose the names of the tokens that a thief created.
    return _cut([f"{quote_text(token.name)} ({token.start}…)" for token in tokens])


def _cut(lines: list[str]) -> list[str]:
    more = len(lines) - _MAX_NAMES
    return [*lines[:_MAX_NAMES], f"and {more} more"] if more > 0 else lines
