"""Which IP addresses belong to the public Internet."""

from __future__ import annotations

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# IANA's special-purpose address registries (RFC 6890 and updates), written out: what the standard
# library calls global has changed between Python versions (CVE-2024-4032).
_BLOCKED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and metadata services of some clouds
        "127.0.0.0/8",
        "168.63.129.16/32",  # control channel of a cloud, reachable from its machines only
        "169.254.0.0/16",  # link-local, and metadata services of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # relays to IPv6
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# Global unicast (RFC 4291). Addresses that embed an IPv4 address (mapped, NAT64), local addresses and
# multicast are outside of it.
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_BLOCKED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocols, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "2620:4f:8000::/48",
        "3fff::/20",  # documentation
    )
)


def is_public(address: IPAddress) -> bool:
    """Whether the address belongs to the public Internet."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in each for each in _BLOCKED_V4)
    return (
        address.scope_id is None  # a zone (RFC 4007) selects an interface of this machine
        and address in _PUBLIC_V6
        and not any(address in each for each in _BLOCKED_V6)
    )
