"""Template variables that every page has."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return facts about the registry: its URL, whether new users may sign up, whether it sends mails."""
    return {
        "base_url": settings.BASE_URL,
        "allow_signup": settings.ALLOW_SIGNUP,
        "writes_mails_to_files": "filebased" in settings.EMAIL_BACKEND,
    }
