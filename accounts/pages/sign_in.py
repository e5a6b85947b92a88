"""`/login`: sign in with a password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from allauth.account.views import LoginView
from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.pages.other_sites import list_sites
from accounts.queries.sso import list_enabled_connections
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
    """The library's view, with identity providers and a second form for passkeys.

    While passwords are switched off, the forms are behind a link, for operators in an emergency.
    """

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the identity providers, other websites, and which forms to show."""
        is_requested = "password" in self.request.GET or self.request.method == "POST"
        return {
            **super().get_context_data(**kwargs),
            "connections": list_enabled_connections(),
            "next": self.request.GET.get("next", "")[:1000],
            "shows_form": settings.LOCAL_PASSWORDS or is_requested,
            "sites": list_sites(),
            "supports_passkeys": supports_passkeys(),
        }
