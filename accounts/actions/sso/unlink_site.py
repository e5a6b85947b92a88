"""End the link of an account with a website."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import AccountNeededError
from accounts.models import User
from accounts.queries.users import lock_account
from accounts.security.errors import UnknownSiteError
from accounts.security.organization_session import check_is_personal


def unlink_site(*, actor: User, link_id: int) -> None:
    """End the link, unless it is the only way to sign in. Writes an audit entry.

    Raises `UnknownSiteError` and `AccountNeededError`.
    """
    check_is_personal(actor)
    with transaction.atomic():
        lock_account(actor)
        links = SocialAccount.objects.filter(user=actor)
        link = links.filter(pk=link_id).first()
        if link is None:
            raise UnknownSiteError("Your account has no such link.")
        passkeys = Authenticator.objects.filter(user=actor, type=Authenticator.Type.WEBAUTHN)
        others = links.exclude(pk=link.pk)
        if not (actor.has_usable_password() or passkeys.exists() or others.exists()):
            raise AccountNeededError(
                "This is the only way to sign in to your account.",
                hint="Set a password or add a passkey first.",
            )
        link.delete()
        record_audit_entry(actor=actor, action="site.unlinked", target=actor, site=link.provider)
