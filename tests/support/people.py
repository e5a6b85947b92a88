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
    # Argon2 is slow on purpose: once a run is enough.
    return make_password(PASSWORD)


def make_user(username: str, **values: Any) -> User:
    """An account of that name."""
    return User.objects.create(
        username=username, email=f"{username}@example.test", password=_hash(), **values
    )


def make_token(user: User, *scopes: str, limit: str = "", days: int | None = None) -> str:
    """The text of a new token of the user; all scopes without any named."""
    wanted = scopes or ("read", "publish", "manage")
    return create_token(actor=user, name="test", scopes=wanted, limit=limit, days=days)[1]


def bearer(text: str) -> dict[str, str]:
    """The header, as keyword of Django's test client."""
    return {"HTTP_AUTHORIZATION": f"Bearer {text}"}
