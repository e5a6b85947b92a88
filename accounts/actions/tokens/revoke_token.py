"""Revoke an API token."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import UnknownTokenError
from accounts.models import Token, User
from accounts.policies import can_see_token
from accounts.queries.token_cache import token_cache
from accounts.queries.tokens import list_children


def revoke_token(
    *, actor: User, token_id: int, caller: Token | None = None, ends_children: bool = True
) -> Token:
    """Revoke a token of the actor, and with it the tokens that were created with it.

    `caller` is the token with which the actor makes the request: one with limits revokes only itself and
    those it created. Without `ends_children` other tokens stay, as when a person signs a program out.
    An audit entry for each. Takes effect with the next request of this process, and after
    `TOKEN_CACHE_SECONDS` in others. Revoking a revoked token again is harmless.
    Raises `UnknownTokenError`.
    """
    with transaction.atomic():
        # Limited to the actor: the id of another user's token is as unknown as a missing one.
        # Locked: a token that is created with it at this moment would not be among its children.
        rows = Token.objects.select_for_update(of=("self",), no_key=True).select_related("parent")
        token = rows.filter(user=actor, id=token_id).first()
        if token is None or (caller is not None and not can_see_token(caller, token)):
            raise UnknownTokenError("Your account has no such token.")
        ended = [token, *(list_children(token) if ends_children else ())]
        for each in ended:
            end_token(each, by=actor)
    return token


def end_token(token: Token, *, by: User | None, **details: Any) -> None:
    """Revoke one token, in the transaction of the caller; `by` None means the system."""
    transaction.on_commit(token_cache.clear)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        record_audit_entry(actor=by, action="token.revoked", target=token, **details)
