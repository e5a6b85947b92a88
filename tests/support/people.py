"""Accounts and tokens for tests."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password

from accounts.actions.tokens.create_token import create_token
from accounts.models import User

PASSWORD = "correct horse battery"


@cache
def _hash() -> str:
    # Argon2 is slow by design: the hash is computed once per run.
    return make_password(PASSWORD)


def create_user(username: str, **values: Any) -> User:
    """Create an account with that name."""
    return User.objects.create(
        username=username, email=f"{username}@example.test", password=_hash(), **values
    )


def create_api_token(
    user: User, *scopes: str, limit: str = "", days: int = 90, **values: Any
) -> str:
    """Create a token of the user and return its text.

    Without `scopes`, it has all scopes that the user may give.
    """
    admin = ("admin",) if user.is_moderator or user.is_superuser else ()
    return create_token(
        actor=user,
        name="test",
        scopes=scopes or ("read", "publish", "manage", *admin),
        limits=[limit] if limit else [],
        days=days,
        **values,
    )[1]


def bearer(text: str) -> dict[str, str]:
    """Return the Authorization header as a keyword for Django's test client."""
    return {"HTTP_AUTHORIZATION": f"Bearer {text}"}
