"""`/login`: sign in with a password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.views import LoginView
from django.core.exceptions import ValidationError

from accounts.security.factors import supports_passkeys


class SignInForm(LoginForm):  # type: ignore[misc]  # the library has no types
    """allauth's form with one text for every pair of credentials that is not correct."""

    def clean(self) -> dict[str, Any] | None:
        """Sign in. Raises `ValidationError`, which does not tell what is wrong."""
        try:
            values: dict[str, Any] | None = super().clean()
        except ValidationError as error:
            if str(error.code).endswith("_password_mismatch"):
                raise ValidationError(
                    "The user name, the email address or the password is not correct. You can sign in"
                    " with an email address after you have verified it.",
                    code="invalid_login",
                ) from None
            raise
        return values


class SignInView(LoginView):  # type: ignore[misc]  # the library has no types
    """The library's view, with a second form for passkeys."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whether browsers know passkeys for this registry."""
        return {**super().get_context_data(**kwargs), "supports_passkeys": supports_passkeys()}
