"""The sign-in form."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from django.core.exceptions import ValidationError


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
