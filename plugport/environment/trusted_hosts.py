"""PLUGPORT_TRUSTED_HOSTS: where packages may come from, besides the hosts that the registry lists."""

from __future__ import annotations

import ipaddress
import re
from typing import Self

from msgspec import Struct

from plugport.environment.variables import TRUSTED_HOSTS, build_variable_error, find_variable
from plugport.spec.download_hosts import DownloadHost

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedHosts(Struct, frozen=True):
    """Hosts, and networks of addresses. Their addresses may be private or of this machine."""

    hosts: tuple[DownloadHost, ...] = ()
    networks: tuple[_Network, ...] = ()

    @classmethod
    def load(cls) -> Self:
        """Read the variable. Raises `InvalidVariableError`."""
        text = find_variable(TRUSTED_HOSTS) or ""
        hosts, networks = [], []
        for entry in filter(None, re.split(r"[\s,]+", text)):
            try:
                if "/" in entry:
                    networks.append(ipaddress.ip_network(entry, strict=False))
                else:
                    hosts.append(DownloadHost.parse(entry.lower()))
            except ValueError:
                raise build_variable_error(
                    TRUSTED_HOSTS,
                    entry,
                    "has an entry that is no host, address or network",
                    hint="Use HOST, HOST:PORT, ADDRESS or NETWORK/PREFIX, separated by commas.",
                ) from None
        return cls(tuple(hosts), tuple(networks))

    def names(self, host: str, port: int) -> bool:
        """Whether the host of a URL is one of the hosts, or an address in one of the networks."""
        if any(each.matches(host, port) for each in self.hosts):
            return True
        try:
            return self.has_address(ipaddress.ip_address(host))
        except ValueError:
            return False

    def has_address(self, address: _Address) -> bool:
        """Whether one of the networks has the address."""
        return any(address in network for network in self.networks)
