"""The form that requests a new password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest

from accounts.mails import build_url, send_mail
from accounts.models import User
from accounts.queries.users import list_recoverable_accounts


class ResetForm(ResetPasswordForm):  # type: ignore[misc]  # the library has no types
    """allauth's form; sends one mail to every address, whether an account has it or not."""

    def clean_email(self) -> str:
        """Accept every address."""
        return str(self.cleaned_data["email"]).lower()

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Send the mail. Raises `MailUnavailableError`."""
        email = str(self.cleaned_data["email"])
        accounts = [(user, _build_link(user)) for user in list_recoverable_accounts(email)]
        if accounts:
            send_mail("password_reset", email, accounts=accounts)
        else:
            send_mail("unknown_account", email, url=build_url("account_signup"))
        return email


def _build_link(user: User) -> str:
    return build_url(
        "account_reset_password_from_key",
        uidb36=user_pk_to_url_str(user),
        key=default_token_generator.make_token(user),
    )
