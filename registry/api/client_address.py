"""The IP address of the client."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def get_client_address(request: HttpRequest | Request) -> str:
    """Return the address that connected to the outermost of `TRUSTED_PROXIES` proxies.

    Each trusted proxy appends one entry to X-Forwarded-For. Entries to the left of theirs come from
    the client, who could use them to evade rate limits (CWE-348), and are ignored.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    if settings.TRUSTED_PROXIES:
        hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(hops) >= settings.TRUSTED_PROXIES:
            return hops[-settings.TRUSTED_PROXIES] or direct
    return direct
