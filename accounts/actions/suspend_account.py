"""Suspend accounts, and end the suspension."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.sessions.end_sessions import end_all_sessions
from accounts.actions.tokens.revoke_all_tokens import revoke_all_tokens
from accounts.errors import AccountStateError, GroupRequestError
from accounts.mails import notify_owner
from accounts.models import Suspension, User
from accounts.models.user import MAX_SUSPENSION_REASON_CHARS
from accounts.policies import check_may_suspend
from accounts.queries.scim import is_closed_by_scim
from plugport.spec.text import quote_text


def suspend_account(*, actor: User | None, account: User, reason: str) -> None:
    """Suspend the account until `lift_suspension`; `actor` None means an operator at the command line.

    It cannot sign in, its sessions end, its tokens are revoked, and an upload that runs fails when it is
    recorded. What it published stays. Its roles do not count: it is no owner when the last one is
    sought. An account that SCIM closed can be suspended too, so that SCIM does not open it again. Mails the
    reason to the account, and writes audit entries. Raises `AccountDeniedError`,
    `AccountStateError`, `GroupRequestError` for the reason.
    """
    if actor is not None:
        check_may_suspend(actor, account)
    reason = _parse_reason(reason)
    with transaction.atomic():
        user = _lock(account)
        if Suspension.objects.filter(user=user).exists() or not (
            user.is_active or is_closed_by_scim(user)
        ):
            raise AccountStateError(
                f"The account `{user.username}` is suspended or closed already."
            )
        user.is_active = False
        user.save(update_fields=["is_active"])
        Suspension.objects.create(user=user, by=actor, reason=reason)
        revoke_all_tokens(user=user, by=actor)
        end_all_sessions(user=user, by=actor)
        record_audit_entry(actor=actor, action="account.suspended", target=user, reason=reason)
    _notify(user, "account_suspended", reason=reason)


def lift_suspension(*, actor: User | None, account: User) -> None:
    """End the suspension: the person can sign in again, and has its roles. Tokens stay revoked.

    An account that SCIM closed meanwhile stays closed, until SCIM opens it; one that it deleted, forever.

    Raises `AccountDeniedError`, and `AccountStateError` for an account that is not suspended.
    """
    if actor is not None:
        check_may_suspend(actor, account)
    with transaction.atomic():
        user = _lock(account)
        suspension = Suspension.objects.filter(user=user).first()
        if suspension is None:
            raise AccountStateError(f"The account `{user.username}` is not suspended.")
        suspension.delete()
        user.is_active = not (suspension.is_final or is_closed_by_scim(user))
        user.save(update_fields=["is_active"])
        record_audit_entry(actor=actor, action="account.suspension-lifted", target=user)
    if user.is_active:
        _notify(user, "suspension_lifted")


def _lock(account: User) -> User:
    return User.objects.select_for_update().get(pk=account.pk)


def _notify(user: User, template: str, **context: str) -> None:
    # Anybody can sign up with the address of another person.
    if user.is_verified:
        notify_owner(template, user.email, user=user, **context)


def _parse_reason(text: str) -> str:
    reason = " ".join(text.split())
    if not 1 <= len(reason) <= MAX_SUSPENSION_REASON_CHARS or not reason.isprintable():
        raise GroupRequestError(
            f"The reason {quote_text(reason[:60])} has {len(reason)} characters.",
            hint=f"It must have between 1 and {MAX_SUSPENSION_REASON_CHARS}, in one line.",
        )
    return reason
