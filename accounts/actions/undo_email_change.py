"""Give an account its former address again, for an owner whose account someone else has used."""

from __future__ import annotations

import datetime as dt

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from accounts.actions.email.replace_email import set_email
from accounts.actions.end_recent_access import notify_other_owners
from accounts.actions.factors.recovery import follow_factors
from accounts.actions.group_rights import take_from_ended_links
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.remove_recent_access import remove_recent_access
from accounts.actions.sessions.end_sessions import end_all_sessions
from accounts.actions.tokens.revoke_all_tokens import revoke_all_tokens
from accounts.errors import VerificationLinkError
from accounts.hooks.recovery import run_recovery_steps
from accounts.mails import build_url, notify_owner
from accounts.models import User
from accounts.queries.organizations import lock_linked_organizations
from accounts.queries.users import lock_accounts_of_address, lock_unchanged_account
from accounts.security.email_change_keys import UNDO_SECONDS, parse_undo_key

# The owner has so long to restore the address, and may not have noticed the thief at once.
_LATE = 2 * dt.timedelta(seconds=UNDO_SECONDS)


def undo_email_change(*, key: str) -> None:
    """Give the account its old address again, for an owner whose account someone else has used.

    Ends all sessions, revokes all tokens, removes the password, the factors, and what else a reset of the
    password removes, if it was added since shortly before the change: a new password comes by mail. Needs
    no sign-in, which the thief may have made impossible. Writes audit entries, and sends a mail. Raises
    `VerificationLinkError` and `EmailTakenError`.
    """
    change = parse_undo_key(key)
    user = None if change is None else User.objects.filter(pk=change.user_id).first()
    if change is None or user is None or user.email != change.new or not user.is_active:
        raise VerificationLinkError("The link is expired, or it was used before.")
    with transaction.atomic():
        organizations = lock_linked_organizations(user)
        lock_accounts_of_address(change.old)
        lock_unchanged_account(user)
        set_email(user, change.old)
        record_audit_entry(actor=user, action="email.change-undone", target=user)
        user.set_unusable_password()
        user.save(update_fields=["password"])
        _remove_late_factors(user)
        access = remove_recent_access(user, _LATE)
        take_from_ended_links(organizations, user)
        end_all_sessions(user=user, by=user)
        revoke_all_tokens(user=user, by=user)
        withdrawn = run_recovery_steps(user, user)
    notify_owner(
        "email_restored",
        user.email,
        user=user,
        withdrawn=withdrawn,
        removed_access=access.removed,
        kept_access=access.kept,
        security_url=build_url("security"),
        reset_url=build_url("account_reset_password"),
    )
    notify_other_owners(user, access.organizations)


def _remove_late_factors(user: User) -> None:
    rows = Authenticator.objects.filter(user=user, created_at__gte=timezone.now() - _LATE)
    rows.exclude(type=Authenticator.Type.RECOVERY_CODES).delete()
    follow_factors(user)
