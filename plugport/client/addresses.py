"""Kinds of IP addresses, by what a connection to them can reach."""

from __future__ import annotations

import enum
import ipaddress
import socket
from collections.abc import Callable, Sequence

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# Host and port to addresses. Raises `OSError` for an unknown name.
Resolver = Callable[[str, int], Sequence[IPAddress]]


class AddressKind(enum.StrEnum):
    """What an address belongs to."""

    PUBLIC = "public"
    PRIVATE = "private"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    RESERVED = "reserved"


# In this order: the first network that has the address decides.
_NETWORKS = tuple(
    (kind, ipaddress.ip_network(text))
    for kind, texts in (
        # With the metadata services of clouds, which give credentials to every program of a machine.
        (AddressKind.LINK_LOCAL, "169.254.0.0/16 fe80::/10 fd00:ec2::254/128"),
        (AddressKind.LINK_LOCAL, "100.100.100.200/32 168.63.129.16/32"),
        # `0.0.0.0` and `::` connect to this machine.
        (AddressKind.LOOPBACK, "127.0.0.0/8 ::1/128 0.0.0.0/8 ::/128"),
        (AddressKind.PRIVATE, "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10"),
        (AddressKind.PRIVATE, "192.0.0.0/24 198.18.0.0/15 fc00::/7 fec0::/10"),
        (AddressKind.RESERVED, "224.0.0.0/4 240.0.0.0/4 ff00::/8"),
    )
    for text in texts.split()
)
# IPv6 networks whose addresses contain an IPv4 address (RFC 6052, RFC 3056): length in bits after it.
_EMBEDDING = (
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b:1::/48"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
    (ipaddress.IPv6Network("::/96"), 0),
)


def get_address_kind(address: IPAddress) -> AddressKind:
    """The kind of an address. One that contains an IPv4 address has the kind of that one."""
    for kind, network in _NETWORKS:
        if address in network:
            return kind
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return get_address_kind(address.ipv4_mapped)
        for network, shift in _EMBEDDING:
            if address in network:
                inner = (int(address) >> shift) & 0xFFFFFFFF
                return get_address_kind(ipaddress.IPv4Address(inner))
    return AddressKind.PUBLIC


def find_address(host: str) -> IPAddress | None:
    """The address, if the host of a URL is one. Also in the short forms that systems accept."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        # `127.1` and `2130706433` are addresses for the system's resolver.
        return ipaddress.IPv4Address(socket.inet_aton(host)) if host.isascii() else None
    except OSError:
        return None


def resolve(host: str, port: int) -> list[IPAddress]:
    """The addresses of a host, in the order of the system. Raises `OSError`."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # Without duplicates, in the same order.
    return list(dict.fromkeys(ipaddress.ip_address(row[4][0]) for row in rows))
