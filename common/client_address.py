"""Which client sent a request, for limits and counts."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest

if TYPE_CHECKING:
    from rest_framework.request import Request

# Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
_ADDRESS = re.compile(
    r"\[(?P<v6>[0-9A-Fa-f:.]{2,45})(?:%\w+)?\](?::\d+)?\Z|(?P<other>[0-9.]+|[0-9A-Fa-f:.]{2,45})(?:%\w+)?(?::\d+)?\Z"
)


def _get_address(request: HttpRequest | Request) -> str:
    """Return the address that connected to the outermost of `TRUSTED_PROXIES` proxies.

    The gateway is one more. Each trusted proxy appends one entry to X-Forwarded-For. Entries to the left of theirs come from
    the client, who could use them to evade rate limits (CWE-348), and are ignored.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.TRUSTED_PROXIES + settings.BEHIND_GATEWAY
    if proxies:
        hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(hops) >= proxies:
            return hops[-proxies] or direct
    return direct


def get_client_network(request: HttpRequest | Request) -> str:
    """Return what identifies a client: its IPv4 address, or the first 64 bits of its IPv6 address.

    One connection usually has a whole IPv6 network of that size (RFC 6177), and a new port for each
    connection: with the address as it is sent, a client could evade every limit. Returns "unknown"
    without an address, as on a Unix socket.
    """
    match = _ADDRESS.match(_get_address(request))
    try:
        address = ipaddress.ip_address((match["v6"] or match["other"]) if match else "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(address), 64), strict=False))
        address = address.ipv4_mapped
    return str(address)
