"""Template variables that every page has."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the base URL of the registry and whether new users may sign up."""
    return {"base_url": settings.BASE_URL, "allow_signup": settings.ALLOW_SIGNUP}
