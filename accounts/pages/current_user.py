"""The user behind a request."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User


def get_signed_in_user(request: HttpRequest) -> User:
    """The signed-in user; for views behind `login_required`."""
    user = request.user
    assert isinstance(user, User)
    return user
