"""Which proxy a request uses: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.

There is no standard for these variables. The rules are those of curl: a variable for the scheme of
the URL comes before ALL_PROXY, lower case comes before upper case, and an empty value is no proxy.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
import sys
from typing import Self
from urllib.parse import unquote, urlsplit

from msgspec import Struct, field

from plugport.environment.variables import (
    ALL_PROXY,
    HTTP_PROXY,
    HTTPS_PROXY,
    NO_PROXY,
    build_variable_error,
)
from plugport.spec.text import quote_text

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_VARIABLES = {"http": HTTP_PROXY, "https": HTTPS_PROXY, "all": ALL_PROXY}
_SPACE_OR_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_HOST = re.compile(r"[A-Za-z0-9_.-]+\Z")
_SHOWN_CHARS = 100

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


# A dataclass, because only its `repr` can leave a member out.
@dataclasses.dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the variable that names it. `credentials` are user name and password."""

    variable: str
    scheme: str
    host: str
    port: int
    credentials: tuple[str, str] | None = dataclasses.field(default=None, repr=False)

    def __str__(self) -> str:
        """The URL without user name and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class _Exemption(Struct, frozen=True):
    """An entry of NO_PROXY. Without `scheme` or `port` it applies to all of them."""

    host: str | None = None
    network: _Network | None = None
    scheme: str | None = None
    port: int | None = None
    only_subdomains: bool = False

    def matches(self, scheme: str, host: str, port: int) -> bool:
        if self.scheme not in {None, "all", scheme} or self.port not in {None, port}:
            return False
        if self.network is not None:
            address = _find_address(host)
            return address is not None and address in self.network
        name = host.lower().rstrip(".")
        is_subdomain = name.endswith(f".{self.host}")
        return is_subdomain or (name == self.host and not self.only_subdomains)


class ProxySettings(Struct, frozen=True):
    """The proxies of the environment. `ignored` are entries of NO_PROXY that are not valid."""

    # By scheme of the URL, or "all": variable and value.
    variables: dict[str, tuple[str, str]] = field(default_factory=dict)
    exemptions: tuple[_Exemption, ...] = ()
    bypass_all: bool = False
    ignored: tuple[str, ...] = ()

    @classmethod
    def load(cls) -> Self:
        """Read the variables. The values of proxies are checked by `find_proxy`."""
        variables = _load_variables()
        if not variables:
            return cls()
        _, value = _find_in_either_case(NO_PROXY) or (NO_PROXY, "")
        entries = [entry for entry in re.split(r"[\s,]+", value) if entry]
        parsed = [(entry, _parse_exemption(entry)) for entry in entries if entry != "*"]
        return cls(
            variables=variables,
            exemptions=tuple(exemption for _, exemption in parsed if exemption is not None),
            bypass_all="*" in entries,
            ignored=tuple(entry for entry, exemption in parsed if exemption is None),
        )

    def find_proxy(self, scheme: str, host: str, port: int) -> Proxy | None:
        """The proxy for a URL; None for a direct connection. Raises `InvalidVariableError`."""
        found = self.variables.get(scheme) or self.variables.get("all")
        if found is None or self.bypass_all:
            return None
        if any(exemption.matches(scheme, host, port) for exemption in self.exemptions):
            return None
        return parse_proxy(*found)

    def format_ignored(self) -> str | None:
        """A sentence about the invalid entries of NO_PROXY; None without any."""
        if not self.ignored:
            return None
        entries = ", ".join(quote_text(entry, _SHOWN_CHARS) for entry in self.ignored[:5])
        return f"{NO_PROXY} has entries that are no host, address or network and are ignored: {entries}"


def parse_proxy(variable: str, value: str) -> Proxy:
    """Parse the value of a variable. Without a scheme it is an http proxy.

    Raises `InvalidVariableError`, whose text has no password.
    """
    allowed = f"Use SCHEME://[USER:PASSWORD@]HOST[:PORT] with {', '.join(PROXY_SCHEMES)}."
    text = value if "://" in value else f"http://{value}"
    if _SPACE_OR_CONTROL.search(text):
        problem = "contains white space or control characters"
        raise build_variable_error(variable, value, problem, hint=allowed)
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
    except ValueError:
        raise build_variable_error(variable, value, "is not a URL", hint=allowed) from None
    if scheme not in PROXY_SCHEMES:
        problem = f"has the scheme {quote_text(scheme)}, which is not supported"
        raise build_variable_error(variable, value, problem, hint=allowed)
    if _find_address(host) is None and not _HOST.match(host):
        raise build_variable_error(variable, value, "has no valid host", hint=allowed)
    if port == 0:
        raise build_variable_error(variable, value, "has an invalid port", hint=allowed)
    credentials = None
    if parts.username is not None:
        credentials = (unquote(parts.username), unquote(parts.password or ""))
    return Proxy(variable, scheme, host, port or _DEFAULT_PORTS[scheme], credentials)


def _load_variables() -> dict[str, tuple[str, str]]:
    found = {
        scheme: variable
        for scheme, name in _VARIABLES.items()
        if (variable := _find_in_either_case(name)) is not None
    }
    if not found and sys.platform in {"darwin", "win32"}:
        # There, users set proxies in the system's settings.
        from urllib.request import getproxies

        return {
            scheme: ("system proxy", value)
            for scheme, value in getproxies().items()
            if scheme in {"http", "https"}
        }
    return found


def _find_in_either_case(name: str) -> tuple[str, str] | None:
    for each in (name.lower(), name):
        # A web server passes the header `Proxy` of its clients in it (CVE-2016-5385).
        if each == HTTP_PROXY and "REQUEST_METHOD" in os.environ:
            continue
        value = os.environ.get(each)
        if value is not None:
            return (each, value.strip()) if value.strip() else None
    return None


def _parse_exemption(entry: str) -> _Exemption | None:
    scheme, separator, rest = entry.lower().rpartition("://")
    rest = rest.rstrip("/") if separator else rest
    network = _find_network(rest)
    if network is not None:
        return _Exemption(network=network, scheme=scheme or None)
    try:
        parts = urlsplit(f"//{rest}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.path:
        return None
    network = _find_network(host)
    if network is not None:
        return _Exemption(network=network, scheme=scheme or None, port=port)
    only_subdomains = host.startswith((".", "*."))
    host = host.removeprefix("*").removeprefix(".")
    if not _HOST.match(host):
        return None
    return _Exemption(host, None, scheme or None, port, only_subdomains)


def _find_network(text: str) -> _Network | None:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    # `[fd00::]/8`, as some tools write it.
    bare = re.sub(r"\A\[([^\]]*)\](?=/)", r"\1", bare)
    try:
        return ipaddress.ip_network(_remove_zone(bare), strict=False)
    except ValueError:
        return None


def _find_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(_remove_zone(host.strip("[]")))
    except ValueError:
        return None
    # `::ffff:127.0.0.1` reaches the same host as `127.0.0.1`.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _remove_zone(text: str) -> str:
    return re.sub(r"%[^/]*", "", text)
