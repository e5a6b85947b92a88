"""Which client sent a request, for limits and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest

from common.networks import parse_network, select_address

if TYPE_CHECKING:
    from rest_framework.request import Request


def get_client_network(request: HttpRequest | Request) -> str:
    """Return the network of the client (`common.networks`), or "unknown", as on a Unix socket.

    The gateway is one more trusted proxy, in front of Django.
    """
    address = select_address(
        str(request.META.get("REMOTE_ADDR", "")),
        request.headers.get("X-Forwarded-For", ""),
        settings.TRUSTED_PROXIES + settings.BEHIND_GATEWAY,
    )
    return parse_network(address)
