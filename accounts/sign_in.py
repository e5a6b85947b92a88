"""Checks user names and passwords."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User
from accounts.queries import find_sign_in_account


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]  # the library has no types
    """Checks a user name or a verified email address with its password.

    One query and one password hash, whether the account exists or not: the library's backend and
    Django's compute up to three, and their number tells which names and addresses are known
    (CWE-208).
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User:
        """The account. Raises `PermissionDenied`, which keeps Django from trying other backends."""
        login = str(credentials.get("username") or credentials.get("email") or "")
        password = str(credentials.get("password") or "")
        user = find_sign_in_account(login)
        if user is None:
            make_password(password)
        elif user.check_password(password):
            if self.user_can_authenticate(user):
                return user
            # Closed, but the password is right: the library shows the page that says so.
            self._stash_user(user)
        raise PermissionDenied
