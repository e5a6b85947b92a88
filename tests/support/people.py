"""Accounts and tokens for tests."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password

from accounts.actions.create_token import create_token
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


def create_api_token(user: User, *scopes: str, limit: str = "", days: int | None = None) -> str:
    """Create a token of the user and return its text; without `scopes`, it has all scopes."""
    granted_scopes = scopes or ("read", "publish", "manage")
    return create_token(actor=user, name="test", scopes=granted_scopes, limit=limit, days=days)[1]


def bearer(text: str) -> dict[str, str]:
    """Return the Authorization header as a keyword for Django's test client."""
    return {"HTTP_AUTHORIZATION": f"Bearer {text}"}
