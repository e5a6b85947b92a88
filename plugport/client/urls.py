"""Addresses: of registries, and which of them belong together.

A token belongs to one origin (scheme, host, port; RFC 6454) and is sent nowhere else.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, quote, urlsplit

from plugport.client.errors import InvalidUrlError

API_PATH = "/api/v1"
URL_CHARS = 4096
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ALLOWED = "Allowed are `https://HOST[:PORT][/PATH]` and `http://…`, without user name or `?query`."


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: the boundary that a token does not cross."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        """The origin of an absolute http(s) URL. Raises `InvalidUrlError`."""
        parts = _split_url(url)
        port = parts.port if parts.port is not None else _DEFAULT_PORTS[parts.scheme]
        # A host may be written with the dot of its root, and is the same host.
        return cls(parts.scheme, (parts.hostname or "").lower().rstrip("."), port)

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can listen in."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_open_to_listeners(self) -> bool:
        """Whether what is sent there can be read on the way."""
        return self.scheme == "http" and not self.is_loopback


@dataclass(frozen=True, slots=True)
class RegistryUrl:
    """The base address of a registry, without a slash at its end and without `/api/v1`."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read and normalise an address as a person gives it. Raises `InvalidUrlError`."""
        parts = _split_url(text)
        if parts.query or parts.fragment:
            raise InvalidUrlError(f"`{text[:200]}` has a query or fragment", hint=_ALLOWED)
        # People copy the address of the API as often as that of the site.
        path = parts.path.rstrip("/").removesuffix(API_PATH).rstrip("/")
        origin = Origin.of(text)
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        is_default = origin.port == _DEFAULT_PORTS[origin.scheme]
        port = "" if is_default else f":{origin.port}"
        return cls(f"{origin.scheme}://{host}{port}{path}")

    @property
    def origin(self) -> Origin:
        """Where this registry's token may be sent."""
        return Origin.of(self.text)

    def api(self, path: str) -> str:
        """The URL of an API path such as `/plugins`."""
        return f"{self.text}{API_PATH}{path}"

    def __str__(self) -> str:
        return self.text


def quote_part(text: str) -> str:
    """One path segment; the `@` and `/` of a scoped name stay as they are, a `+` does not."""
    return quote(text, safe="@/-._~")


def _split_url(text: str) -> SplitResult:
    """The parts of an absolute http(s) URL without credentials in it."""
    # Control characters are how headers are smuggled into requests.
    if len(text) > URL_CHARS or any(ord(char) <= 0x20 or ord(char) == 0x7F for char in text):
        raise InvalidUrlError("an address with blanks, control characters or over 4096 characters")
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0
    except ValueError as error:
        raise InvalidUrlError(f"`{text[:200]}` is not an address: {error}", hint=_ALLOWED) from None
    if parts.username is not None or parts.password is not None:
        # The text is not repeated: it holds a password.
        raise InvalidUrlError(
            "an address may not hold a user name or password",
            hint="Give the token with `plugport login` or PLUGPORT_TOKEN instead.",
        )
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or not has_port:
        raise InvalidUrlError(f"`{text[:200]}` is not an http address", hint=_ALLOWED)
    return parts
