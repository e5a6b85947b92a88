"""Reads of accounts and tokens."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import InvalidTokenError, UnknownUserError
from accounts.models import Token, User
from accounts.models.token import PREFIX, hash_token

# Longer texts are not hashed: the header is read before any limit applies.
_MAX_TOKEN_CHARS = 200


def get_token(text: str) -> Token:
    """The usable token with that text, with its user: 1 query. Raises `InvalidTokenError`.

    Not cached: a revoked token stops working with the next request. The error does not distinguish an
    unknown token from an expired or revoked one, so it confirms nothing to a guesser.
    """
    token = None
    if text.startswith(PREFIX) and len(text) < _MAX_TOKEN_CHARS:
        # The database compares hashes, so response times reveal nothing about stored tokens
        # (CWE-208).
        token = Token.objects.select_related("user").filter(sha256=hash_token(text)).first()
    if token is None or not token.is_usable(timezone.now()) or not token.user.is_active:
        raise InvalidTokenError(
            "The token is unknown, expired or revoked.",
            hint="Create a new one on your account page, or run `plugport login`.",
        )
    return token


def list_tokens(user: User) -> QuerySet[Token]:
    """The user's tokens that are not revoked, newest first: 1 query when iterated."""
    return Token.objects.filter(user=user, revoked_at=None)


def get_user(username: str) -> User:
    """The account with that name, active or not: 1 query. Raises `UnknownUserError`."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise UnknownUserError(
            f"No account is named `{username[:64]}`.",
            hint="Check the spelling of the user name.",
        )
    return user


def find_superuser() -> User | None:
    """The oldest superuser, None if there is none: 1 query."""
    return User.objects.filter(is_superuser=True).order_by("id").first()
