"""Reads of accounts and tokens."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.utils import timezone

from accounts.actions.create_token import hash_token
from accounts.errors import InvalidTokenError, UnknownUserError
from accounts.models import Token, User
from accounts.models.token import PREFIX

_USED_EVERY = dt.timedelta(minutes=5)


def get_token(text: str) -> Token:
    """The usable token of that text with its user: one query, never cached.

    Notes when it was last used, at most every five minutes, so that reads stay reads.
    Raises `InvalidTokenError`.
    """
    token = None
    if text.startswith(PREFIX) and len(text) < 200:
        token = Token.objects.select_related("user").filter(sha256=hash_token(text)).first()
    now = timezone.now()
    if token is None or not token.is_usable(now) or not token.user.is_active:
        raise InvalidTokenError(
            "The token is unknown, expired or revoked.",
            hint="Make a new one on your account page, or run `plugport login`.",
        )
    if token.last_used_at is None or now - token.last_used_at > _USED_EVERY:
        Token.objects.filter(id=token.id).update(last_used_at=now)
    return token


def list_tokens(user: User) -> QuerySet[Token]:
    """The user's tokens that are not revoked, newest first."""
    return Token.objects.filter(user=user, revoked_at=None)


def get_user(username: str) -> User:
    """The account of that name. Raises `UnknownUserError`."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise UnknownUserError(
            f"There is no account `{username[:64]}`.",
            hint="Sign up on the site, or run `manage.py createsuperuser`.",
        )
    return user
