"""What every template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """The registry's address and whether strangers may sign up."""
    return {"base_url": settings.BASE_URL, "allow_signup": settings.ALLOW_SIGNUP}
