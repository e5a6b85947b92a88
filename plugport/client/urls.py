"""URLs of registries and their origins.

A token belongs to one origin (scheme, host and port, RFC 6454) and is never sent to another.
"""

from __future__ import annotations

import ipaddress
from typing import Self
from urllib.parse import SplitResult, quote, urlsplit

from msgspec import Struct

from plugport.client.errors import InvalidUrlError
from plugport.client.lean_httpx import httpx

API_PATH = "/api/v1"
URL_CHARS = 4096
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ALLOWED_HINT = "Use `https://HOST[:PORT][/PATH]` or `http://…`, without user name and `?query`."


class Origin(Struct, frozen=True):
    """Scheme, host and port."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the origin of an absolute http or https URL. Raises `InvalidUrlError`."""
        parts = _split_url(url)
        try:
            # By the parser that connects: one that disagreed on the host of a URL would let it pass
            # a check and lead somewhere else. International names are in their ASCII form.
            parsed = httpx.URL(url)
            host = parsed.raw_host.decode("ascii")
        except (httpx.InvalidURL, UnicodeError) as error:
            raise InvalidUrlError(
                f"`{url[:200]}` is not a URL: {error}.", hint=_ALLOWED_HINT
            ) from None
        port = parsed.port if parsed.port is not None else _DEFAULT_PORTS[parts.scheme]
        # `example.org.` with the dot of the root domain is the same host.
        return cls(parts.scheme, host.lower().rstrip("."), port)

    def __str__(self) -> str:
        # IPv6 addresses need brackets (RFC 3986, section 3.2.2).
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_default = self.port == _DEFAULT_PORTS[self.scheme]
        return f"{self.scheme}://{host}" if is_default else f"{self.scheme}://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine, so that the traffic cannot be intercepted."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_insecure(self) -> bool:
        """Whether others on the network can read what is sent to it."""
        return self.scheme == "http" and not self.is_loopback


class RegistryUrl(Struct, frozen=True):
    """The base URL of a registry, without a trailing slash and without `/api/v1`."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse and normalize a URL that a user entered. Raises `InvalidUrlError`."""
        parts = _split_url(text)
        if parts.query or parts.fragment:
            raise InvalidUrlError(
                f"The URL `{text[:200]}` has a query or fragment.", hint=_ALLOWED_HINT
            )
        # Users also copy the URL of the API.
        path = parts.path.rstrip("/").removesuffix(API_PATH).rstrip("/")
        return cls(f"{Origin.of(text)}{path}")

    @property
    def origin(self) -> Origin:
        """The origin to which the token of this registry may be sent."""
        return Origin.of(self.text)

    def api(self, path: str) -> str:
        """Return the URL of an API path such as `/plugins`."""
        return f"{self.text}{API_PATH}{path}"

    def __str__(self) -> str:
        return self.text


def quote_path_segment(text: str) -> str:
    """Return an encoded path segment. `@` and `/` of scoped names stay; `+` is encoded."""
    return quote(text, safe="@/-._~")


def _split_url(text: str) -> SplitResult:
    """Split an absolute http or https URL without credentials."""
    # Control characters could inject headers into the request (CWE-93).
    if len(text) > URL_CHARS or any(ord(char) <= 0x20 or ord(char) == 0x7F for char in text):
        raise InvalidUrlError(
            f"The URL has white space, control characters or more than {URL_CHARS} characters."
        )
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0
    except ValueError as error:
        raise InvalidUrlError(
            f"`{text[:200]}` is not a URL: {error}.", hint=_ALLOWED_HINT
        ) from None
    if parts.username is not None or parts.password is not None:
        # The message does not contain the text, which has a password.
        raise InvalidUrlError(
            "The URL contains a user name or password.",
            hint="Set the token with `plugport login` or PLUGPORT_TOKEN instead.",
        )
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or not has_port:
        raise InvalidUrlError(f"`{text[:200]}` is not an http or https URL.", hint=_ALLOWED_HINT)
    return parts
