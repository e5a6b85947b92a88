"""Reads of tokens."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import InvalidTokenError
from accounts.models import AuditEntry, MintedToken, Token, User
from accounts.models.token import hash_token
from accounts.policies import can_see_token
from accounts.queries.token_cache import token_cache
from plugport.spec.token_text import is_token_text


def get_token(text: str) -> Token:
    """The usable token with that text, with its user: 1 query, none for text that is no token.

    A revoked token stops working with the next request. The error does not distinguish an
    unknown token from an expired or revoked one, so it confirms nothing to a guesser. Raises
    `InvalidTokenError`.
    """
    if not is_token_text(text):
        return _require_usable(None)
    queried_at = token_cache.clock()
    # The database compares hashes, so response times reveal nothing about stored tokens
    # (CWE-208).
    rows = Token.objects.select_related("user", "minted").filter(sha256=hash_token(text))
    token = _require_usable(rows.first())
    if find_minted(token) is not None:
        # Nobody is signed in, so rules about how people sign in cannot stop a CI job.
        token.user = token.user.as_absent()
    token_cache.store(token, queried_at)
    return token


def find_minted(token: Token) -> MintedToken | None:
    """What marks the token as one of a CI job; None for the tokens of people: no query after `get_token`."""
    return getattr(token, "minted", None)


def find_recent_token(text: str) -> Token | None:
    """The usable token with that text, if this process queried it a moment ago: no query.

    For reads only: a revocation by another process is effective after `TOKEN_CACHE_SECONDS`.
    """
    token = token_cache.find(hash_token(text)) if is_token_text(text) else None
    return token if token is not None and _is_usable(token) else None


def lock_usable_token(token: Token) -> None:
    """Lock the row of a token that was loaded earlier, until the transaction ends: 1 query.

    For a request that took long: the token may have been revoked since it began, and a revocation
    that comes now waits for the transaction. Raises `InvalidTokenError`.
    """
    rows = Token.objects.select_related("user").select_for_update(of=("self",), no_key=True)
    _require_usable(rows.filter(pk=token.pk).first())


def _require_usable(token: Token | None) -> Token:
    if token is None or not _is_usable(token):
        raise InvalidTokenError(
            "The token is unknown, expired or revoked.",
            hint="Create a new one on your account page, or run `plugport login`.",
        )
    return token


def _is_usable(token: Token) -> bool:
    return token.is_usable(timezone.now()) and token.user.is_active


def list_tokens(user: User) -> QuerySet[Token]:
    """The user's tokens that are not revoked, newest first: 1 query when iterated.

    Without those of CI jobs, which are many and live for minutes.
    """
    return Token.objects.filter(user=user, revoked_at=None, minted=None)


def list_children(token: Token) -> QuerySet[Token]:
    """The tokens that were created with this one, which can create none: 1 query when iterated."""
    return Token.objects.filter(parent=token)


def list_created_for_robots(creators: Collection[Token]) -> list[tuple[Token, Token]]:
    """The tokens of robots that were created with the tokens, also revoked ones: at most 2 queries.

    Each after the token of its creation. They are locked until the transaction ends. The audit log knows them:
    they have no parent, since the pipelines of an organization outlive the tokens of its people.
    """
    by_credential = {f"token:{token.pk}": token for token in creators}
    if not by_credential:
        return []
    since = min(token.created_at for token in creators)
    entries = AuditEntry.rows.filter(
        action="token.created", credential__in=by_credential, at__gte=since
    )
    created = {
        int(key): by_credential[credential]
        for key, credential in entries.values_list("target_id", "credential")
    }
    rows = Token.objects.filter(pk__in=created, user__robot_of__isnull=False, parent=None)
    rows = rows.select_related("user__robot_of__owner").order_by("pk")
    return [
        (created[token.pk], token) for token in rows.select_for_update(of=("self",), no_key=True)
    ]


def list_visible_tokens(caller: Token) -> list[Token]:
    """The tokens that are not revoked and that the caller may see (`can_see_token`): 1 query."""
    tokens = list_tokens(caller.user).select_related("parent")
    return [token for token in tokens if can_see_token(caller, token)]
