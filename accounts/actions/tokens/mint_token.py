"""The opaque token that a CI job gets for its identity token."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import MintedToken, Token, User
from accounts.models.token import START_CHARS, hash_token
from accounts.queries.token_cache import token_cache
from plugport.spec.token_text import generate_token_text

LIFETIME = dt.timedelta(minutes=15)
# How long a token that has ended stays in the table: requests that began with it may refer to it.
_KEPT_FOR = dt.timedelta(days=1)


def mint_token(
    *, user: User, name: str, limit: str, source: str, run: Mapping[str, Any]
) -> tuple[Token, str]:
    """Create a token for `LIFETIME` that only publishes one plugin; returns it with its text.

    It acts for `user`, and ends with the configuration `source`. `run` are facts about the CI job that
    users see. Call it in the transaction that records the use of the identity token.
    """
    text = generate_token_text()
    token = Token.objects.create(
        user=user,
        name=name[:100],
        start=text[:START_CHARS],
        sha256=hash_token(text),
        scopes=["publish"],
        limits=[limit],
        needs_no_factor=True,
        expires_at=timezone.now() + LIFETIME,
    )
    MintedToken.objects.create(token=token, source=source, run=dict(run))
    record_audit_entry(
        actor=user, action="token.minted", target=token, plugin=limit, source=source, run=dict(run)
    )
    return token, text


def revoke_minted_tokens(source: str) -> int:
    """Revoke the tokens of a configuration that was removed or changed; returns their number.

    Call it in the transaction of the change. An upload that has begun fails when it is recorded.
    """
    rows = Token.objects.filter(minted__source=source, revoked_at=None)
    transaction.on_commit(token_cache.clear)
    return rows.update(revoked_at=timezone.now())


def delete_expired_tokens() -> int:
    """Delete minted tokens that ended more than a day ago; returns their number.

    Unlike those of people, which their owners see: a pipeline makes one for each release.
    """
    return Token.objects.filter(
        minted__isnull=False, expires_at__lt=timezone.now() - _KEPT_FOR
    ).delete()[0]
