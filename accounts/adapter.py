"""How allauth behaves here."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library has no types
    """Sign-up can be closed by the operator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether strangers may make an account (`PLUGPORT_ALLOW_SIGNUP`)."""
        return bool(settings.ALLOW_SIGNUP)
