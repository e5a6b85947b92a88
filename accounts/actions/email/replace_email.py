"""Change the email address of a verified account: verify the new one, tell the old one."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import EmailChangedError, EmailTakenError, VerificationLinkError
from accounts.mails import build_url, notify_owner, send_mail
from accounts.models import AuditEntry, User
from accounts.policies import check_is_verified
from accounts.queries.users import (
    find_address_owner,
    lock_accounts_of_address,
    lock_unchanged_account,
)
from accounts.security.email_change_keys import (
    UNDO_SECONDS,
    build_change_key,
    build_undo_key,
    parse_change_key,
)
from accounts.security.organization_session import check_is_personal

_CHANGES = ("email.changed", "email.change-undone")


def request_email_change(*, actor: User, email: str) -> None:
    """Send a link to the new address; nothing changes until it is opened.

    If another account has the address, the mail tells its owner instead: the actor learns nothing.
    Raises `EmailNotVerifiedError`, `EmailChangedError` and `MailUnavailableError`.
    """
    check_is_personal(actor)
    check_is_verified(actor)
    _check_is_settled(actor)
    email = email.lower()
    owner = find_address_owner(User(pk=actor.pk, email=email))
    if owner is None:
        url = build_url("verify-email", key=build_change_key(actor, email))
        send_mail("change_email", email, user=actor, url=url)
    else:
        send_mail(
            "address_taken",
            email,
            user=actor,
            owner=owner,
            login_url=build_url("account_login"),
            reset_url=build_url("account_reset_password"),
            change_url=build_url("email"),
        )


def replace_email(*, actor: User, key: str) -> None:
    """Set the new address, and send a link that reverses it to the old one. Writes an audit entry.

    Raises `VerificationLinkError`, `EmailTakenError` if another account verified the address, and
    `EmailChangedError` while an earlier change can be reversed.
    """
    change = parse_change_key(key)
    if change is None or not change.is_of(actor):
        raise VerificationLinkError(
            "The link is expired, or it belongs to another account, address or password.",
            hint="Request a new link.",
        )
    with transaction.atomic():
        lock_accounts_of_address(change.new)
        lock_unchanged_account(actor)
        _check_is_settled(actor)
        set_email(actor, change.new)
        record_audit_entry(actor=actor, action="email.changed", target=actor, is_reversible=True)
    notify_owner(
        "email_changed",
        change.old,
        user=actor,
        url=build_url("verify-email", key=build_undo_key(change)),
        hours=UNDO_SECONDS // 3600,
    )


def _check_is_settled(user: User) -> None:
    """Raise `EmailChangedError` while the address before the last change can be restored: 1 query.

    The link in that mail restores it only while the address is the one after the change: with a second
    change, a thief could take it from the owner.
    """
    since = timezone.now() - dt.timedelta(seconds=UNDO_SECONDS)
    rows = AuditEntry.rows.filter(actor=user, action__in=_CHANGES, at__gte=since).order_by("-id")
    last = rows.first()
    if last is not None and last.details.get("is_reversible"):
        raise EmailChangedError(
            f"The address was changed less than {UNDO_SECONDS // 3600} hours ago.",
            hint="Until then, the former address can be restored by the link in the mail to it.",
        )


def set_email(user: User, email: str) -> None:
    """Set a verified address. Raises `EmailTakenError`. Call it with the accounts of the address locked."""
    if find_address_owner(User(pk=user.pk, email=email)) is not None:
        raise EmailTakenError(
            "Another account has verified this address.",
            hint="Sign in to that account, or use another address.",
        )
    user.email = email
    user.is_verified = True
    user.save(update_fields=["email", "is_verified"])
