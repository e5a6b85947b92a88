"""Which hosts and addresses a client connects to.

A registry names URLs of packages, and servers redirect. A hostile one could send the client to
services that only this machine can reach, such as the metadata service of a cloud (CWE-918).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from functools import cached_property

from plugport.client.addresses import AddressKind, IPAddress, find_address, get_address_kind
from plugport.client.errors import ForeignHostError
from plugport.client.urls import Origin
from plugport.environment.trusted_hosts import TrustedHosts
from plugport.environment.variables import TRUSTED_HOSTS
from plugport.spec.download_hosts import DownloadHost

_NEVER = frozenset({AddressKind.LINK_LOCAL, AddressKind.RESERVED})


class Destinations:
    """The hosts of one session: its own origin, those that the registry lists, and trusted ones.

    `list_hosts` returns what the registry lists; None allows every host with a public address, for
    a URL that the user entered.
    """

    def __init__(self, origin: Origin, list_hosts: Callable[[], Sequence[str]] | None) -> None:
        self._origin = origin
        self._list_hosts: Callable[[], Sequence[str]] = list_hosts or list
        self._allows_public_hosts = list_hosts is None
        self._trusted = TrustedHosts.load()
        # The kinds of the origin's addresses, as soon as it was resolved.
        self._own_kinds: frozenset[AddressKind] | None = self._find_literal_kinds()

    def check_url(self, url: str) -> None:
        """Raise `ForeignHostError` unless the host may be connected to.

        The addresses of a name are checked when it is resolved, by `select_addresses`.
        """
        origin = Origin.of(url)
        if not self._is_own(origin.host, origin.port) and not self._is_upgrade(origin):
            self._check_foreign(origin, url)
        address = find_address(origin.host)
        if address is not None:
            self.select_addresses(origin.host, origin.port, [address])
        elif origin.is_loopback:
            # `localhost` and names below it are this machine, whatever a proxy makes of them.
            self.select_addresses(origin.host, origin.port, [ipaddress.IPv4Address("127.0.0.1")])

    def select_addresses(
        self, host: str, port: int, addresses: Sequence[IPAddress]
    ) -> list[IPAddress]:
        """The addresses of a host that may be connected to. Raises `ForeignHostError`.

        Connect to one of them and not to the name, which could be resolved differently the next
        time (DNS rebinding, CWE-367).
        """
        kinds = {address: get_address_kind(address) for address in addresses}
        if self._is_own(host, port):
            return self._select_own(host, kinds)
        allowed = {AddressKind.PUBLIC, *(self._own_kinds or ())}
        if self._trusted.names(host, port):
            allowed |= {AddressKind.PRIVATE, AddressKind.LOOPBACK}
        for address, kind in kinds.items():
            # One is enough: a name with public and private addresses is an attack.
            if kind in _NEVER or (kind not in allowed and not self._trusted.has_address(address)):
                raise _build_address_error(host, address, kind)
        return list(addresses)

    def _select_own(self, host: str, kinds: dict[IPAddress, AddressKind]) -> list[IPAddress]:
        # A name of the local network can have a link-local address too, beside a usable one.
        usable = {address: kind for address, kind in kinds.items() if kind not in _NEVER}
        if self._own_kinds is None and usable:
            self._own_kinds = frozenset(usable.values())
        # The user chose a public host; it must not become one of this network later.
        allowed = {AddressKind.PUBLIC, *(self._own_kinds or ())}
        selected = [address for address, kind in usable.items() if kind in allowed]
        if not selected and kinds:
            raise _build_address_error(host, *next(iter(kinds.items())))
        return selected

    def _check_foreign(self, origin: Origin, url: str) -> None:
        if self._allows_public_hosts or self._trusted.names(origin.host, origin.port):
            return
        if any(each.matches(origin.host, origin.port) for each in self._listed_hosts):
            return
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        address = find_address(origin.host)
        raise ForeignHostError(
            f"`{url.partition('?')[0][:200]}` is on `{host}:{origin.port}`, which is neither the registry nor a"
            " host that it lists for downloads",
            hint=_build_hint(origin.host, get_address_kind(address) if address else None),
            context={"host": origin.host, "port": origin.port},
        )

    @cached_property
    def _listed_hosts(self) -> list[DownloadHost]:
        # The list itself comes from the registry's own origin: it cannot allow its own redirect.
        list_hosts, self._list_hosts = self._list_hosts, list
        hosts = []
        for text in list_hosts():
            try:
                hosts.append(DownloadHost.parse(text.lower()))
            except ValueError:
                continue
        return hosts

    def _is_own(self, host: str, port: int) -> bool:
        return (host.lower().rstrip("."), port) == (self._origin.host, self._origin.port)

    def _is_upgrade(self, origin: Origin) -> bool:
        """Whether a URL is the origin's own host with https in place of http."""
        return (
            self._origin.scheme == "http"
            and origin.scheme == "https"
            and origin.host == self._origin.host
            and origin.port in {443, self._origin.port}
        )

    def _find_literal_kinds(self) -> frozenset[AddressKind] | None:
        address = find_address(self._origin.host)
        if address is not None:
            return frozenset({get_address_kind(address)})
        return frozenset({AddressKind.LOOPBACK}) if self._origin.is_loopback else None


def _build_address_error(host: str, address: IPAddress, kind: AddressKind) -> ForeignHostError:
    return ForeignHostError(
        f"`{host}` has the {kind} address `{address}`, which the registry may not lead to",
        hint=_build_hint(host, kind),
        context={"host": host, "address": str(address), "kind": str(kind)},
    )


def _build_hint(host: str, kind: AddressKind | None) -> str:
    """What allows a host. `kind` is that of its address, None for a name."""
    if kind in _NEVER:
        return "Addresses of this kind are never connected to."
    return f"If you trust it, set {TRUSTED_HOSTS}={host}."
