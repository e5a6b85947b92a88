"""Who is reading."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User


def get_reader(request: HttpRequest) -> User:
    """The signed-in user of a view behind `login_required`."""
    user = request.user
    assert isinstance(user, User)
    return user
