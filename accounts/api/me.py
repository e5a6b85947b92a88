"""The JSON of `/me`."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.api.token_json import build_token
from accounts.models import Token
from plugport.spec.api.accounts import Me


def build_me(token: Token, *, plugin_scopes: Iterable[str]) -> Me:
    """The account behind the token and what the token may do.

    The registry passes the names of the scopes: accounts must not depend on plugins.
    """
    return {
        "username": token.user.username,
        "isModerator": token.user.is_moderator,
        "token": build_token(token),
        "scopes": list(plugin_scopes),
    }
