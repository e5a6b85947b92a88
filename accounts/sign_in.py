"""Checks user names and passwords."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User
from accounts.queries.users import find_decoy_password, find_sign_in_account
from accounts.sso.ways_in import is_break_glass_account

_DECOY_SALT = b"accounts.sign_in.decoy"


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]  # the library has no types
    """Checks a user name or a verified email address with its password.

    Two queries and one password hash, whether the account exists or not: the library's backend and
    Django's compute up to three, and their number tells which names and addresses are known
    (CWE-208).

    The time of a hash depends on its parameters, which differ between accounts after an update. So an
    unknown name is checked against the hash of another account. For a name that is always the same
    account, so it takes as long the next time, until that account signs in and gets a new hash.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User:
        """The account. Raises `PermissionDenied`, which keeps Django from trying other backends."""
        login = str(credentials.get("username") or credentials.get("email") or "")
        password = str(credentials.get("password") or "")
        user = find_sign_in_account(login)
        decoy = find_decoy_password(_select_decoy(login))
        if user is None:
            # The result does not matter: there is nobody to sign in.
            make_password(password) if decoy is None else check_password(password, decoy)
        elif user.check_password(password) and _may_use_password(user):
            if self.user_can_authenticate(user):
                return user
            # Closed, but the password is right: the library shows the page that says so.
            self._stash_user(user)
        raise PermissionDenied


def _may_use_password(user: User) -> bool:
    """Whether passwords are on, or the account is one for emergencies."""
    return settings.LOCAL_PASSWORDS or is_break_glass_account(user)


def _select_decoy(login: str) -> str:
    """Return a text in the alphabet of user names that only the server can compute for a login."""
    key = settings.SECRET_KEY.encode()
    digest = hmac.digest(key, _DECOY_SALT + login.lower().encode(), hashlib.sha256)
    return base64.b32encode(digest[:5]).decode().lower()
