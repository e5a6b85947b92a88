"""The address a request came from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def get_address(request: HttpRequest | Request) -> str:
    """The client's address; behind `TRUSTED_PROXIES` proxies the one that the outermost saw.

    Only as many entries of X-Forwarded-For count as there are proxies of ours: whatever stands
    left of them was written by the client.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    if settings.TRUSTED_PROXIES:
        hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(hops) >= settings.TRUSTED_PROXIES:
            return hops[-settings.TRUSTED_PROXIES] or direct
    return direct
