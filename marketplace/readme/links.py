"""Resolve the URLs in a README: to the web, to its release or repository, or remove them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from marketplace.readme.anchors import build_fragment
from plugport.spec.repository_address import (
    RepositoryAddress,
    find_raw_url,
    parse_repository_address,
)

_SCHEMES = frozenset({"http", "https"})
# Characters that a URL must encode (RFC 3986, section 2). Browsers remove tabs and line breaks from
# URLs, so that `java&#10;script:` would become a scheme (CWE-79).
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f<>\"`\\^{|}\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class SourceTree:
    """The folder of a README in a repository on a known host."""

    address: RepositoryAddress
    folder: str = ""

    @classmethod
    def find(cls, repository: object, *, folder: str = "") -> SourceTree | None:
        """The tree of the field `repository` of a manifest, or None for an unknown host.

        `folder` is the folder of the README in the package. The field `directory` of the repository
        takes precedence over a folder in its URL.
        """
        if not isinstance(repository, Mapping):
            return None
        address = parse_repository_address(str(repository.get("url", "")))
        if address is None:
            return None
        directory = str(repository.get("directory") or "").strip("/") or address.folder
        return cls(address, posixpath.join(directory, folder))

    def resolve(self, path: str, *, to_file: bool) -> str | None:
        """The URL of a path relative to the README, or None if it is outside the repository."""
        bare, mark, rest = re.match(r"([^?#]*)([?#]?)(.*)", path, re.DOTALL).groups()  # type: ignore[union-attr]  # matches any text
        folder = "" if bare.startswith("/") else self.folder
        full = posixpath.normpath(posixpath.join(folder, unquote(bare).lstrip("/")))
        if full == ".." or full.startswith("../"):
            return None
        full = "" if full == "." else full
        address = self.address
        url = address.build_file_url(full) if to_file else address.build_page_url(full)
        return url + mark + rest


class LinkResolver(Protocol):
    """Resolves relative URLs."""

    def find_page(self, url: str) -> str | None:
        """The URL of a link target, or None."""

    def find_image(self, url: str) -> str | None:
        """The URL of an image, or None."""


def _split_url(url: str) -> Any:
    try:
        parts = urlsplit(url)
        # `urlsplit` parses the port at access, and raises `ValueError` only then.
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts


def is_web_url(url: str) -> bool:
    """Whether the text is an http(s) URL with a host and without characters that disguise it.

    User information (`https://bank.example@evil.example/`) is refused, because it looks like a host.
    """
    parts = _split_url(url)
    return bool(
        parts
        and parts.scheme.lower() in _SCHEMES
        and parts.hostname
        and not _UNSAFE.search(url)
        and "@" not in parts.netloc
    )


def resolve_link(url: str, resolver: LinkResolver) -> str | None:
    """The safe URL for an `href`: a web or mailto URL, a page, an anchor, or None to remove it.

    Other schemes, such as `javascript:`, are removed (CWE-79).
    """
    url = url.strip()
    if url.startswith("#"):
        return build_fragment(url[1:])
    if url.lower().startswith("mailto:"):
        return None if _UNSAFE.search(url) else url
    return _resolve(url, resolver.find_page)


def resolve_image(url: str, resolver: LinkResolver) -> str | None:
    """The safe URL for the `src` of an image: a web URL, a file of the release, or None.

    The address of a page that shows the image on a code host becomes that of the image.
    """
    resolved = _resolve(url.strip(), resolver.find_image)
    return find_raw_url(resolved) or resolved if resolved else None


def _resolve(url: str, find: Callable[[str], str | None]) -> str | None:
    url = url.replace(" ", "%20")
    if not url or _UNSAFE.search(url):
        return None
    parts = _split_url(url)
    if parts is None:
        return None
    if parts.scheme or parts.netloc:
        # `//host/path` is a URL without a scheme (RFC 3986, section 4.2).
        absolute = url if parts.scheme else f"https:{url}"
        return absolute if is_web_url(absolute) else None
    return find(url)
