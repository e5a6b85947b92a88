"""Hosts that packages may be downloaded from, as registries list them and users allow them."""

from __future__ import annotations

import ipaddress
import re
from typing import Self
from urllib.parse import urlsplit

from msgspec import Struct

_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\Z")
_MAX_CHARS = 260


class DownloadHost(Struct, frozen=True):
    """`HOST` or `HOST:PORT`. Without a port, it means all ports."""

    host: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse and normalize an entry. Raises `ValueError`, also for URLs and wildcards."""
        if len(text) > _MAX_CHARS or "/" in text or "@" in text or text != text.strip():
            raise ValueError(f"not a host: {text[:_MAX_CHARS]!r}")
        # Alone, an IPv6 address has no brackets.
        parts = urlsplit(f"//[{text}]" if text.count(":") > 1 and "[" not in text else f"//{text}")
        host = (parts.hostname or "").rstrip(".")
        if parts.query or parts.fragment or not (is_address(host) or _NAME.match(host)):
            raise ValueError(f"not a host: {text!r}")
        return cls(host, parts.port)

    def matches(self, host: str, port: int) -> bool:
        """Whether the host of a URL is this one."""
        return self.host == host.lower().rstrip(".") and self.port in {None, port}


def is_address(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
