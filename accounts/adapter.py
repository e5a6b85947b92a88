"""Customizes allauth."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User


def build_url(view: str, **parameters: str) -> str:
    """The absolute URL of a page for a mail, at the address that the operator set."""
    return settings.BASE_URL + reverse(view, kwargs=parameters)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library has no types
    """Lets the operator close sign-up, and counts only wrong credentials as failed sign-ins."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether anyone may create an account (`PLUGPORT_ALLOW_SIGNUP`)."""
        return bool(settings.ALLOW_SIGNUP)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link of a mail that resets a password."""
        # The library takes the address from the Host header, which the sender of a request chooses:
        # the link of a victim's mail could lead to another server.
        uid, _, secret = key.partition("-")
        return build_url("account_reset_password_from_key", uidb36=uid, key=secret)

    def format_email_subject(self, subject: str) -> str:
        """The subject with the name of the registry in front."""
        return f"[{settings.REGISTRY_NAME}] {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send the mail of these templates, in which `base_url` is the address of the registry."""
        message = self.render_mail(
            template_prefix, email, {**context, "email": email, "base_url": settings.BASE_URL}
        )
        message.send()

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The account of the credentials, or None. Raises `ValidationError` after too many failures.

        The library counts an attempt before it checks the password, so that parallel guesses cannot
        exceed the limit, and takes it back on success. An attempt that could not be checked, because
        the database does not respond, is taken back too: an outage must not lock accounts.
        """
        try:
            user: User | None = super().authenticate(request, **credentials)
        except ValidationError:
            raise
        except Exception:
            self._rollback_login_failed_rl_usage()
            raise
        return user

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # The library's key contains the Host header, which would give a guesser five attempts for
        # each port that the header names.
        return str(credentials.get("email", credentials.get("username", ""))).lower()
