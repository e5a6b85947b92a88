"""Hosts of private networks that the operator allows for one purpose.

On-premises, the services that a registry fetches from are often private. The operator names them in a
setting, each as a host name or address, with a port if it is not the default one, or as a network:
`gitlab.corp.example`, `ci.corp.example:8443`, `10.20.0.0/16`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from common.http.networks import Address, Network

# What may be allowed at all: addresses of private networks and of this machine.
_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8"),
        *("fc00::/7", "::1/128"),
    )
)
# Services that give credentials of the machine to everyone who can reach them. No setting allows
# them; others of their kind are link-local and outside of `_PRIVATE`.
_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254")
)
_HOST_PATTERN = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?)"
    r"(?::(?P<port>[0-9]{1,5}))?\Z"
)


@dataclass(frozen=True, slots=True)
class PrivateHosts:
    """Host names and networks to which a `Fetcher` may connect although they are private.

    `hosts` are pairs of a lower-case name or address and a port, None for the default ports.
    """

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """Parse the values of a setting. Raises `ValueError`, which names the first wrong one."""
        hosts, networks = set(), []
        for text in texts:
            if "/" in text:
                networks.append(ipaddress.ip_network(text))
                continue
            match = _HOST_PATTERN.match(text)
            port = int(match["port"]) if match and match["port"] else None
            if match is None or not 0 < (port or 1) < 65_536:
                raise ValueError(f"`{text}` is no host, address or network")
            hosts.add((match["host"].strip("[]").lower(), port))
        return cls(frozenset(hosts), tuple(networks))

    def allows_port(self, host: str, port: int) -> bool:
        """Whether this host is named with this port."""
        return (host.lower(), port) in self.hosts

    def names_loopback(self, host: str) -> bool:
        """Whether the host is this machine and is named as such."""
        name = host.lower()
        return _is_loopback_name(name) and any(each == name for each, _ in self.hosts)

    def allows_address(self, host: str, address: Address) -> bool:
        """Whether the host may have this address, which is not public.

        Never one of a metadata service. One of this machine only if that is what the operator named:
        a name in DNS must not become a way to the services behind the firewall of this machine.
        """
        if address in _METADATA or not any(address in network for network in _PRIVATE):
            return False
        if address.is_loopback:
            return self.names_loopback(host)
        name = host.lower()
        return any(each == name for each, _ in self.hosts) or any(
            address in network for network in self.networks
        )


def _is_loopback_name(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


NO_PRIVATE_HOSTS = PrivateHosts()
