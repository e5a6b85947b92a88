"""Which network a request comes from, out of what the connection and proxies say. Without Django."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Some proxies add the port or quotes: `192.0.2.1:4711`, `[2001:db8::1]:4711`, `"[2001:db8::1]"`. A zone
# (`fe80::1%eth0`) is a name on the machine that saw the address.
_ADDRESS = re.compile(
    r'"?(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45})(?:%[\w.-]+)?\]|(?P<other>[0-9.]+|[0-9A-Fa-f:.]{2,45})(?:%[\w.-]+)?)'
    r'(?::\d+)?"?\Z'
)
# IPv4 clients of a server that has only IPv6 (RFC 6052, RFC 7755).
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def select_address(direct: str, forwarded_for: str, proxies: int) -> str:
    """Return the address that connected to the outermost of `proxies` trusted proxies.

    Each trusted proxy appends one entry to X-Forwarded-For. Entries to the left of theirs come from
    the client, who could use them to evade rate limits (CWE-348), and are ignored. So is `Forwarded`
    (RFC 7239): a proxy that does not know it passes on what a client sent.
    """
    if proxies:
        hops = [part.strip() for part in forwarded_for.split(",")]
        if len(hops) >= proxies:
            return hops[-proxies] or direct
    return direct


def parse_address(text: str) -> Address | None:
    """Return the address of a client, also with a port; None if the text is not an address.

    IPv4 addresses within IPv6 (`::ffff:192.0.2.1`, `64:ff9b::192.0.2.1`) are returned as IPv4.
    """
    match = _ADDRESS.match(text)
    try:
        address = ipaddress.ip_address((match["v6"] or match["other"]) if match else "")
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address in _TRANSLATED:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        return address.ipv4_mapped or address
    return address


def parse_network(address: str) -> str:
    """Return what identifies a client: its IPv4 address, or the first 64 bits of its IPv6 address.

    One connection usually has a whole IPv6 network of that size (RFC 6177), and a new port for each
    connection: with the address as it is sent, a client could evade every limit. Returns "unknown"
    for text that is no address.
    """
    parsed = parse_address(address)
    if parsed is None:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)


def is_in_networks(address: str, networks: Iterable[Network]) -> bool:
    """Whether one of the networks contains the address, which may have a port."""
    parsed = parse_address(address)
    return parsed is not None and any(parsed in network for network in networks)
