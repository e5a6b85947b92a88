"""What an account may do."""

from __future__ import annotations

from django.conf import settings

from accounts.errors import EmailNotVerifiedError
from accounts.models import User


def check_is_verified(actor: User) -> None:
    """Only verified accounts create tokens and publish. Raises `EmailNotVerifiedError`.

    Anyone can sign up with an address of another person. Such an account must not get a credential
    that works after the owner of the address recovers it.
    """
    if not actor.is_verified:
        raise EmailNotVerifiedError(
            f"The email address of the account `{actor.username}` is not verified.",
            hint="Open the link in the verification mail, or request another one:"
            f" {settings.BASE_URL}/account/email",
        )
