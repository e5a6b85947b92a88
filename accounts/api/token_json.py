"""The JSON of tokens."""

from __future__ import annotations

from accounts.models import Token
from common.times import format_time
from plugport.spec.api import accounts as api


def build_token(token: Token) -> api.Token:
    """What the token may do, and until when."""
    return {
        "id": token.pk,
        "start": token.start,
        "name": token.name,
        "scopes": token.scopes,
        "limits": token.limits,
        "networks": token.networks,
        "expiresAt": format_time(token.expires_at),
    }


def build_listed_token(token: Token, *, caller: Token) -> api.ListedToken:
    """The token as the caller, another token of the account or itself, sees it."""
    return {
        **build_token(token),
        "createdAt": format_time(token.created_at),
        "lastUsedAt": format_time(token.last_used_at),
        "lastUsedAddress": token.last_used_address or None,
        "parent": token.parent_id,
        "isCurrent": token.pk == caller.pk,
        "revokedAt": format_time(token.revoked_at),
    }
