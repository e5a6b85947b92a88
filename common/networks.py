"""Which network a request comes from, out of what the connection and proxies say. Without Django."""

from __future__ import annotations

import ipaddress
import re

# Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
_ADDRESS = re.compile(
    r"\[(?P<v6>[0-9A-Fa-f:.]{2,45})(?:%\w+)?\](?::\d+)?\Z|(?P<other>[0-9.]+|[0-9A-Fa-f:.]{2,45})(?:%\w+)?(?::\d+)?\Z"
)


def select_address(direct: str, forwarded_for: str, proxies: int) -> str:
    """Return the address that connected to the outermost of `proxies` trusted proxies.

    Each trusted proxy appends one entry to X-Forwarded-For. Entries to the left of theirs come from
    the client, who could use them to evade rate limits (CWE-348), and are ignored.
    """
    if proxies:
        hops = [part.strip() for part in forwarded_for.split(",")]
        if len(hops) >= proxies:
            return hops[-proxies] or direct
    return direct


def parse_network(address: str) -> str:
    """Return what identifies a client: its IPv4 address, or the first 64 bits of its IPv6 address.

    One connection usually has a whole IPv6 network of that size (RFC 6177), and a new port for each
    connection: with the address as it is sent, a client could evade every limit. Returns "unknown"
    for text that is no address.
    """
    match = _ADDRESS.match(address)
    try:
        parsed = ipaddress.ip_address((match["v6"] or match["other"]) if match else "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(parsed), 64), strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)
