"""Customizes allauth."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library has no types
    """Lets the operator close sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether anyone may create an account (`PLUGPORT_ALLOW_SIGNUP`)."""
        return bool(settings.ALLOW_SIGNUP)
