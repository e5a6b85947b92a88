"""Send the mail with which an owner verifies the email address."""

from __future__ import annotations

from accounts.mails import build_url, send_mail
from accounts.models import User
from accounts.queries.users import find_address_owner
from accounts.security.verification_keys import build_verification_key


def send_verification_mail(*, user: User) -> None:
    """Send the link that verifies the account's address. Raises `MailUnavailableError`.

    If the address belongs to another account, the mail tells its owner instead, so that only the
    owner of an address learns whether an account has it. Both cases are one query and one mail.
    """
    owner = find_address_owner(user)
    if owner is None:
        send_mail(
            "verify_email",
            user.email,
            user=user,
            url=build_url("verify-email", key=build_verification_key(user)),
        )
    else:
        send_mail(
            "address_taken",
            user.email,
            user=user,
            owner=owner,
            login_url=build_url("account_login"),
            reset_url=build_url("account_reset_password"),
            change_url=build_url("email"),
        )
