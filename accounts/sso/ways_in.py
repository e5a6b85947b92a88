"""Which accounts sign in with single sign-on only, and which in an emergency with a password."""

from __future__ import annotations

from accounts.models import BreakGlassAccount, ScimUser, SsoIdentity, User


def has_provider_account(user: User) -> bool:
    """Whether an identity provider created the account, by single sign-on or SCIM: 1 query."""
    scim_users = ScimUser.objects.filter(user=user)
    identities = SsoIdentity.objects.filter(user=user, is_provisioned=True)
    # One query for both.
    return scim_users.values("pk").union(identities.values("pk")).exists()


def is_break_glass_account(user: User) -> bool:
    """Whether the account may use its password while passwords are switched off: 1 query."""
    return BreakGlassAccount.objects.filter(user=user, user__is_superuser=True).exists()
