"""Browsers in which an account has signed in before, by a signed cookie."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac

from accounts.models import User

COOKIE = "plugport_devices"
COOKIE_SECONDS = 365 * 86_400
_SALT = "accounts.security.devices"
# A cookie has at most 4 kB.
_MAX_ACCOUNTS = 10
_MAX_CHARS = 2_000


def is_known_device(request: HttpRequest, user: User) -> bool:
    """Whether the account signed in with this browser in the last year, with the same password."""
    return build_mark(user) in read_marks(request)


def remember_device(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Add the account to the cookie."""
    own = build_mark(user)
    marks = [own, *(mark for mark in read_marks(request) if mark != own)][:_MAX_ACCOUNTS]
    response.set_cookie(
        COOKIE,
        TimestampSigner(salt=_SALT).sign_object(marks),
        max_age=COOKIE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def build_mark(user: User) -> str:
    """What the cookie says about an account that has signed in; only the server can compute it."""
    # It changes with the password and with a sign-out everywhere: a thief's browser is forgotten.
    return salted_hmac(_SALT, f"{user.pk} {user.get_session_auth_hash()}").hexdigest()


def read_marks(request: HttpRequest) -> list[str]:
    """The marks of the accounts that have signed in with this browser: no query."""
    text = request.COOKIES.get(COOKIE, "")
    if not text or len(text) > _MAX_CHARS:
        return []
    try:
        marks: Any = TimestampSigner(salt=_SALT).unsign_object(text, max_age=COOKIE_SECONDS)
    except BadSignature:
        return []
    return [str(mark) for mark in marks]
