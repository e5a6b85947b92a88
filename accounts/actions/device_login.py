"""The sign-in of a program by a person in a browser (RFC 8628)."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.tokens.create_token import SCOPES_OF_PUBLISHERS, create_token
from accounts.errors import UnknownUserCodeError
from accounts.models import DeviceLogin, Token, User
from accounts.models.device_login import CLIENT_NAME_CHARS
from accounts.models.token import SCOPES
from accounts.policies import (
    can_have_admin_tokens,
    check_has_second_factor,
    check_is_verified,
)
from accounts.queries.users import lock_unchanged_account
from accounts.security.organization_session import check_is_personal
from plugport.spec.errors import PlugportError
from plugport.spec.text import quote_text

LIFETIME = dt.timedelta(minutes=15)
INTERVAL_SECONDS = 5
# Added to the pause of a program that polls too fast (RFC 8628, section 3.5).
_SLOW_DOWN_SECONDS = 5
# A pause of this length is as long as the code is valid.
_MAX_INTERVAL_SECONDS = 900
# Without vowels no code is a word, and no letter looks like a digit (RFC 8628, section 6.1).
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_USER_CODE_CHARS = 8
DEFAULT_SCOPES = ("read", "publish", "manage")


class OAuthError(Exception):
    """A refusal in the words of OAuth: `code` is that of RFC 6749, section 5.2, or RFC 8628, section 3.5."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


def start_device_login(
    *, client_name: str, scopes: Collection[str], address: str
) -> tuple[DeviceLogin, str, str]:
    """Record that a program waits; returns the row, the device code and the user code.

    Raises `OAuthError`. Writes no audit entry: nobody is known yet.
    """
    unknown = set(scopes) - set(SCOPES)
    if unknown:
        raise OAuthError("invalid_scope", f"The scopes are {', '.join(SCOPES)}.")
    device_code = secrets.token_urlsafe(32)
    user_code = "".join(secrets.choice(_LETTERS) for _ in range(_USER_CODE_CHARS))
    now = timezone.now()
    login = DeviceLogin.objects.create(
        device_code_sha256=_hash_device_code(device_code),
        user_code_digest=_digest_user_code(user_code),
        client_name=_clean_client_name(client_name),
        scopes=[scope for scope in SCOPES if scope in (scopes or DEFAULT_SCOPES)],
        address=address,
        created_at=now,
        expires_at=now + LIFETIME,
        interval_seconds=INTERVAL_SECONDS,
    )
    return login, device_code, f"{user_code[:4]}-{user_code[4:]}"


def get_waiting_login(user_code: str) -> DeviceLogin:
    """The sign-in that nobody has decided, by its code in any spelling: 1 query.

    Raises `UnknownUserCodeError`, which does not distinguish expired and decided ones.
    """
    letters = "".join(filter(str.isalpha, user_code.upper()[:50]))
    login = DeviceLogin.objects.filter(
        user_code_digest=_digest_user_code(letters),
        expires_at__gt=timezone.now(),
        approved_at=None,
        denied_at=None,
    ).first()
    if login is None:
        raise UnknownUserCodeError(
            "The code is unknown or expired.", hint="Run `plugport login` again for another one."
        )
    return login


def list_granted_scopes(actor: User, login: DeviceLogin) -> list[str]:
    """The requested scopes that the account can give."""
    return [each for each in login.scopes if each != "admin" or can_have_admin_tokens(actor)]


def approve_device_login(*, actor: User, login: DeviceLogin) -> None:
    """Let the program act for the actor; it fetches its token within `LIFETIME`.

    Writes an audit entry. Raises `UnknownUserCodeError` if it was decided meanwhile,
    `PasswordChangedError`, and what prevents the account from having such a token.
    """
    # As `create_token` does: the browser can say what is missing, and the program cannot.
    check_is_personal(actor)
    check_is_verified(actor)
    if not SCOPES_OF_PUBLISHERS.isdisjoint(login.scopes):
        check_has_second_factor(actor)
    with transaction.atomic():
        lock_unchanged_account(actor)
        _decide(login, user=actor, approved_at=timezone.now())
        record_audit_entry(
            actor=actor, action="device-login.approved", target=actor, scopes=login.scopes
        )


def deny_device_login(*, actor: User, login: DeviceLogin) -> None:
    """Refuse the program. Writes an audit entry. Raises `UnknownUserCodeError`."""
    with transaction.atomic():
        _decide(login, user=actor, denied_at=timezone.now())
        record_audit_entry(
            actor=actor, action="device-login.denied", target=actor, scopes=login.scopes
        )


def _decide(login: DeviceLogin, **values: object) -> None:
    # Compare and swap: the first of two people decides.
    rows = DeviceLogin.objects.filter(pk=login.pk, approved_at=None, denied_at=None)
    if not rows.filter(expires_at__gt=timezone.now()).update(**values):
        raise UnknownUserCodeError("The code is unknown or expired.")


def redeem_device_code(device_code: str) -> tuple[Token, str]:
    """The token for an approved program, once. Raises `OAuthError` with the code of RFC 8628."""
    now = timezone.now()
    rows = DeviceLogin.objects.filter(device_code_sha256=_hash_device_code(device_code))
    login = rows.select_related("user").first()
    if login is None:
        raise OAuthError("invalid_grant", "The device code is unknown or was used.")
    if login.expires_at <= now:
        raise OAuthError("expired_token", "The code has expired. Start again.")
    if login.denied_at is not None:
        rows.delete()
        raise OAuthError("access_denied", "The sign-in was refused in the browser.")
    pause = dt.timedelta(seconds=login.interval_seconds)
    # One second less, for the time that a request takes.
    if login.polled_at is not None and now - login.polled_at < pause - dt.timedelta(seconds=1):
        longer = Least(F("interval_seconds") + _SLOW_DOWN_SECONDS, _MAX_INTERVAL_SECONDS)
        rows.update(polled_at=now, interval_seconds=longer)
        raise OAuthError("slow_down", "The program polls too often.")
    rows.update(polled_at=now)
    if login.user is None:
        raise OAuthError("authorization_pending", "Nobody has approved the sign-in yet.")
    return _redeem(login, login.user)


def _redeem(login: DeviceLogin, user: User) -> tuple[Token, str]:
    try:
        with transaction.atomic():
            # Before the row: `revoke_all_tokens` locks both in this order.
            lock_unchanged_account(user)
            _claim(login, user)
            return create_token(
                actor=user,
                name=f"plugport on {login.client_name}",
                scopes=list_granted_scopes(user, login),
            )
    except PlugportError as error:
        # The account changed since the approval, for example lost its second factor.
        raise OAuthError("access_denied", error.detail) from error


def _claim(login: DeviceLogin, user: User) -> None:
    # The first of two requests gets the token.
    if not DeviceLogin.objects.filter(pk=login.pk).delete()[0]:
        raise OAuthError("invalid_grant", "The device code was used.")
    if not user.is_active:
        raise OAuthError("access_denied", "The account is closed.")


def delete_expired_device_logins() -> int:
    """Delete what nobody can use any more. Periodic work of the worker."""
    # A day later, so that a program that polls late is told that its code has expired.
    past = timezone.now() - dt.timedelta(days=1)
    return DeviceLogin.objects.filter(expires_at__lt=past).delete()[0]


def _clean_client_name(text: str) -> str:
    cleaned = quote_text(text.strip()[:CLIENT_NAME_CHARS]).strip("`")[:CLIENT_NAME_CHARS]
    return cleaned or "an unnamed machine"


def _hash_device_code(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _digest_user_code(letters: str) -> str:
    # Keyed: the codes are short enough to try them all against a leaked table.
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, b"device-login:" + letters.encode(), hashlib.sha256).hexdigest()
