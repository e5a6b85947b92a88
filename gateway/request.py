"""One request as the gateway sees it."""

from __future__ import annotations

import random
import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote_from_bytes

from common.gateway_protocol import PERSONAL_COOKIES, RECORDS_PATH
from common.http.networks import Network, is_in_networks, parse_network, select_address
from gateway.cache import Key
from gateway.encodings import Headers

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")
_PERSONAL = re.compile(
    rb"(?:^|;)\s*(?:%b)\s*=" % b"|".join(name.encode() for name in sorted(PERSONAL_COOKIES))
)
_INTERNAL_PATHS = RECORDS_PATH.rpartition("/")[0] + "/"
# Django has them compressed, and browsers keep them.
_STATIC_PATHS = "/static/"
_MAX_QUERY_BYTES = 512
_MAX_ADDRESS_CHARS = 64
_PLAIN_CONNECTIONS = frozenset({b"", b"keep-alive", b"close"})
_DOWNLOAD_SUFFIXES = ("/download", "/package")
_UPLOAD_PATHS = frozenset({"/api/v1/plugins", "/api/plugins"})
# All of US-ASCII that can be seen.
_TARGET_BYTES = "".join(map(chr, range(0x21, 0x7F)))


class GatewayRequest:
    """The parts of an ASGI scope that decide how a request is served."""

    __slots__ = (
        "headers",
        "is_api",
        "is_internal",
        "is_limited",
        "is_read",
        "method",
        "network",
        "pairs",
        "path",
        "peer",
        "query",
        "request_id",
        "route",
        "scheme",
    )

    def __init__(
        self, scope: dict[str, Any], trusted_proxies: int, unlimited: tuple[Network, ...]
    ) -> None:
        self.method: str = scope["method"]
        self.path: bytes = scope["raw_path"]
        self.query: bytes = scope["query_string"]
        self.pairs: Headers = scope["headers"]
        # Of a repeated header the last value. Nothing that may be repeated is decided with it.
        self.headers = dict(self.pairs)
        self.peer: str = scope["client"][0] if scope.get("client") else ""
        address = select_address(self.peer, self.join(b"x-forwarded-for"), trusted_proxies)
        self.network, self.is_limited = _identify(address[:_MAX_ADDRESS_CHARS], unlimited)
        # Django redirects plain HTTP to HTTPS, and so must the cache.
        self.scheme = self.headers.get(b"x-forwarded-proto", b"")[:8] if trusted_proxies else b""
        given = self.headers.get(b"x-request-id", b"")
        # As in `config.middleware`: any other value could write arbitrary text into the logs.
        self.request_id = given if _REQUEST_ID.match(given) else b"%032x" % random.getrandbits(128)
        # Decoded, as Django compares it: `%2D` is `-` there.
        self.route: str = scope["path"]
        self.is_internal = self.route.startswith(_INTERNAL_PATHS)
        self.is_read = self.method in ("GET", "HEAD")
        self.is_api = self.route.startswith("/api/")

    def join(self, name: bytes) -> str:
        """All values of a header that is a list, in their order."""
        if name not in self.headers:
            return ""
        return b",".join(value for each, value in self.pairs if each == name).decode("latin-1")

    @property
    def target(self) -> str:
        """The path with the query, as the client sent it, but in US-ASCII.

        Bytes above it are percent-encoded, which means the same (RFC 3987, section 3.1).
        """
        target = self.path + b"?" + self.query if self.query else self.path
        return quote_from_bytes(target, safe=_TARGET_BYTES)

    @property
    def is_upload(self) -> bool:
        """Whether the body may be a package."""
        return self.method == "POST" and self.route in _UPLOAD_PATHS

    @property
    def is_download(self) -> bool:
        """Whether the response may be a package, whose transfer takes long."""
        return self.is_read and self.route.endswith(_DOWNLOAD_SUFFIXES)

    @property
    def content_length(self) -> int:
        """The declared size of the body in bytes; 0 without one. Text of a larger number is cut off."""
        text = self.headers.get(b"content-length", b"")
        return int(text.lstrip(b"0")[:18] or b"0") if text.isdigit() else 0

    @property
    def key(self) -> Key:
        """The scheme, host, path and query for the cache. Queries in another order are other keys."""
        return (self.scheme, self.headers.get(b"host", b"").lower(), self.path, self.query)

    def is_cacheable(self) -> bool:
        """Whether a stored response may serve the request: that of a visitor, for the whole content.

        Django must receive exactly the headers that select the response. So none may be repeated,
        and none removed because `Connection` names it (RFC 9110, section 7.6.1).
        """
        headers = self.headers
        return (
            self.is_read
            and not self.route.startswith(_STATIC_PATHS)
            and b"authorization" not in headers
            and b"range" not in headers
            and b"content-length" not in headers
            and b"transfer-encoding" not in headers
            and len(headers) == len(self.pairs)
            and headers.get(b"connection", b"").lower() in _PLAIN_CONNECTIONS
            and len(self.query) <= _MAX_QUERY_BYTES
            and not (b"cookie" in headers and _PERSONAL.search(headers[b"cookie"]))
        )


# Bounded keys: what a client sends must not fill the memory.
@lru_cache(maxsize=4096)
def _identify(address: str, unlimited: tuple[Network, ...]) -> tuple[str, bool]:
    """The network of the client, and whether its requests in progress are limited."""
    return parse_network(address), not is_in_networks(address, unlimited)
