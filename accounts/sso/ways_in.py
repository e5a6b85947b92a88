"""Which accounts sign in with single sign-on only, and which in an emergency with a password."""

from __future__ import annotations

from accounts.models import BreakGlassAccount, SsoIdentity, User


def has_provider_account(user: User) -> bool:
    """Whether single sign-on created the account: 1 query."""
    return SsoIdentity.objects.filter(user=user, is_provisioned=True).exists()


def is_break_glass_account(user: User) -> bool:
    """Whether the account may use its password while passwords are switched off: 1 query."""
    return BreakGlassAccount.objects.filter(user=user, user__is_superuser=True).exists()
