"""Where the addresses in a README lead: to the web, into its release or repository, or nowhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit

ID_PREFIX = "readme-"
_SCHEMES = frozenset({"http", "https"})
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f<>\"`\\^{|}\u2028\u2029]")
_REPOSITORY = re.compile(r"/([\w.-]+/[\w.-]+?)(?:\.git)?/?\Z", re.ASCII)
# Path of a page and of a file's bytes, on the hosts whose scheme is known.
_HOSTS = {
    "github.com": ("/{}/blob/HEAD/", "/{}/raw/HEAD/"),
    "gitlab.com": ("/{}/-/blob/HEAD/", "/{}/-/raw/HEAD/"),
    "bitbucket.org": ("/{}/src/HEAD/", "/{}/raw/HEAD/"),
}


@dataclass(frozen=True, slots=True)
class SourceTree:
    """The folder of a repository on a host of ours that the README stands in."""

    pages: str
    files: str
    folder: str = ""

    @classmethod
    def find(cls, repository: object, *, folder: str = "") -> SourceTree | None:
        """The tree of a manifest's `repository`; None if its host shows no files that we know of.

        `folder` is where the README stands in the package.
        """
        if not isinstance(repository, Mapping):
            return None
        parts = _split(str(repository.get("url", "")))
        host = _HOSTS.get(parts.hostname or "") if parts else None
        path = _REPOSITORY.match(parts.path) if parts else None
        if host is None or path is None or parts is None:
            return None
        pages, files = (f"https://{parts.hostname}{each.format(path[1])}" for each in host)
        directory = str(repository.get("directory") or "")
        return cls(pages, files, posixpath.join(directory, folder))

    def resolve(self, path: str, *, to_file: bool) -> str | None:
        """The address of a path relative to the README; None if it leads out of the repository."""
        bare, mark, rest = re.match(r"([^?#]*)([?#]?)(.*)", path, re.DOTALL).groups()  # type: ignore[union-attr]  # matches any text
        folder = "" if bare.startswith("/") else self.folder
        full = posixpath.normpath(posixpath.join(folder, bare.lstrip("/")))
        if full.startswith(".."):
            return None
        base = self.files if to_file else self.pages
        return base + quote("" if full == "." else full, safe="/%@+~!$&'(),;=:") + mark + rest


class Finder(Protocol):
    """Whoever knows what a relative address means."""

    def find_page(self, url: str) -> str | None:
        """Where a link leads to."""

    def find_image(self, url: str) -> str | None:
        """Where a picture is."""


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts


def is_web_url(url: str) -> bool:
    """Whether the text is an http(s) address with a host and nothing that hides where it leads."""
    parts = _split(url)
    return bool(
        parts
        and parts.scheme.lower() in _SCHEMES
        and parts.hostname
        and not _UNSAFE.search(url)
        and "@" not in parts.netloc
    )


def resolve_link(url: str, place: Finder) -> str | None:
    """What an `href` becomes: a web or mail address, a page of ours, an anchor, or nothing."""
    url = url.strip()
    if url.startswith("#"):
        return f"#{ID_PREFIX}{make_slug(unquote(url[1:]))}" if len(url) > 1 else None
    if url.lower().startswith("mailto:"):
        return None if _UNSAFE.search(url) else url
    return _resolve(url, place.find_page)


def resolve_image(url: str, place: Finder) -> str | None:
    """What the `src` of an image becomes: a web address, a file of the release, or nothing."""
    return _resolve(url.strip(), place.find_image)


def _resolve(url: str, find: Callable[[str], str | None]) -> str | None:
    url = url.replace(" ", "%20")
    if not url or _UNSAFE.search(url):
        return None
    parts = _split(url)
    if parts is None:
        return None
    if parts.scheme or parts.netloc:
        absolute = url if parts.scheme else f"https:{url}"
        return absolute if is_web_url(absolute) else None
    return find(url)


def make_slug(text: str) -> str:
    """The anchor of a heading, as code hosts write it: lower case, dashes for blanks."""
    kept = re.sub(r"[^\w\s-]", "", text.strip().lower())
    return re.sub(r"\s", "-", kept)[:100]
