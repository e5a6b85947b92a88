"""Name the operators that may use a password while passwords are switched off."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import BreakGlassAccount
from accounts.queries.users import get_open_user
from accounts.sso.errors import ConnectionSettingsError


def set_break_glass(*, username: str, is_allowed: bool) -> None:
    """Set or remove the mark; for the command line of the server.

    Raises `UnknownUserError`, and `ConnectionSettingsError` for an account that is no operator or has
    no password.
    """
    user = get_open_user(username)
    if is_allowed and not user.is_superuser:
        raise ConnectionSettingsError(f"The account `{username}` is not that of an operator.")
    if is_allowed and not user.has_usable_password():
        raise ConnectionSettingsError(
            f"The account `{username}` has no password.",
            hint=f"Set one: `manage.py changepassword {username}`.",
        )
    with transaction.atomic():
        if is_allowed:
            BreakGlassAccount.objects.get_or_create(user=user)
        else:
            BreakGlassAccount.objects.filter(user=user).delete()
        record_audit_entry(
            actor=None,
            action="sso.break-glass-set" if is_allowed else "sso.break-glass-removed",
            target=user,
        )
