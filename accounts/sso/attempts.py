"""Sign-ins that this browser started. An answer counts only in the browser that asked for it.

They are in the session, each under a random key that the identity provider sends back: the `state` of
OpenID Connect, the `InResponseTo` of SAML. Each is used once, within ten minutes.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any

from django.core import signing
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import SsoConnection
from accounts.sso.errors import SsoRefusedError

SIGN_IN, LINK, TEST, CONFIRM = "sign-in", "link", "test", "confirm"
_KEY = "sso_attempts"
_SECONDS = 600
_MAX_ATTEMPTS = 5
_SALT = "accounts.sso.attempts"
_PERMIT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in that was started; `user_id` is that of who links, tests or confirms."""

    connection_id: int
    purpose: str
    next_path: str
    at: float
    user_id: int | None = None
    nonce: str = ""
    verifier: str = ""


def build_attempt(
    connection: SsoConnection, *, purpose: str, next_path: str, user_id: int | None
) -> Attempt:
    """A new attempt, with random values for OpenID Connect."""
    # Only a path of this site: the page that starts a sign-in must not lead to another one.
    is_safe = next_path.startswith("/") and url_has_allowed_host_and_scheme(next_path, None)
    return Attempt(
        connection_id=connection.pk,
        purpose=purpose,
        next_path=next_path if is_safe and len(next_path) < 1000 else "",
        at=time.time(),
        user_id=user_id,
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
    )


def store_attempt(request: HttpRequest, key: str, attempt: Attempt) -> None:
    """Remember the attempt in the session; the oldest are dropped."""
    attempts = _load(request)
    attempts[key] = asdict(attempt)
    newest = sorted(attempts.items(), key=lambda item: -item[1]["at"])[:_MAX_ATTEMPTS]
    request.session[_KEY] = dict(newest)


def take_attempt(request: HttpRequest, key: str, connection: SsoConnection) -> Attempt:
    """Remove and return the attempt. Raises `SsoRefusedError` if this browser has none of that key."""
    attempts = _load(request)
    values = attempts.pop(key, None)
    if values is not None:
        request.session[_KEY] = attempts
    attempt = Attempt(**values) if values else None
    if attempt is None or attempt.connection_id != connection.pk:
        raise SsoRefusedError(
            "unknown-request",
            "This browser did not ask for this sign-in in the last ten minutes, or used it before.",
            hint="Start on the sign-in page of this registry. A sign-in that starts at the identity"
            " provider is not accepted.",
        )
    if attempt.user_id is not None and attempt.user_id != request.user.pk:
        raise SsoRefusedError("other-user", "Another account is signed in now.")
    return attempt


def _load(request: HttpRequest) -> dict[str, dict[str, Any]]:
    limit = time.time() - _SECONDS
    attempts = request.session.get(_KEY) or {}
    return {key: values for key, values in attempts.items() if values["at"] > limit}


def build_permit(connection: SsoConnection, purpose: str, user_id: int) -> str:
    """A text for the URL that starts another thing than a sign-in, which no other site can build."""
    return signing.dumps([connection.pk, purpose, user_id], salt=_SALT)


def parse_permit(connection: SsoConnection, permit: str, user_id: int | None) -> str:
    """The purpose that the permit allows to this user. Raises `SsoRefusedError`."""
    try:
        values = signing.loads(permit, salt=_SALT, max_age=_PERMIT_SECONDS)
    except signing.BadSignature:
        values = None
    if not values or (values[0], values[2]) != (connection.pk, user_id):
        raise SsoRefusedError(
            "expired-link",
            "The link that starts this is no longer valid.",
            hint="Go back and try again.",
        )
    return str(values[1])
