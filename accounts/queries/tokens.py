"""Reads of tokens."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import InvalidTokenError
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
    return _require_usable(token)


def lock_usable_token(token: Token) -> None:
    """Lock the row of a token that was loaded earlier, until the transaction ends: 1 query.

    For a request that took long: the token may have been revoked since it began, and a revocation
    that comes now waits for the transaction. Raises `InvalidTokenError`.
    """
    rows = Token.objects.select_related("user").select_for_update(of=("self",), no_key=True)
    _require_usable(rows.filter(pk=token.pk).first())


def _require_usable(token: Token | None) -> Token:
    if token is None or not token.is_usable(timezone.now()) or not token.user.is_active:
        raise InvalidTokenError(
            "The token is unknown, expired or revoked.",
            hint="Create a new one on your account page, or run `plugport login`.",
        )
    return token


def list_tokens(user: User) -> QuerySet[Token]:
    """The user's tokens that are not revoked, newest first: 1 query when iterated."""
    return Token.objects.filter(user=user, revoked_at=None)
