"""Reading links, repositories and licences."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from plugport.spec.manifest.document import describe
from plugport.spec.manifest.fields import (
    Spot,
    each_item,
    each_member,
    read_line,
    read_path,
)
from plugport.spec.manifest.model import JsonValue, Repository
from plugport.spec.text import show

MAX_URL_CHARS = 2_048
WEB_SCHEMES = ("https", "http")
REPOSITORY_SCHEMES = (*WEB_SCHEMES, "ssh", "git")

_HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
_SHORT = re.compile(r"(?:(?P<host>github|gitlab|bitbucket):)?(?P<path>[\w.-]+/[\w.-]+)\Z", re.ASCII)
_SCP = re.compile(r"(?P<user>[\w.-]+)@(?P<host>[\w.-]+):(?!//)(?P<path>[^\s:]+)\Z", re.ASCII)


def find_url_fault(url: str, schemes: tuple[str, ...]) -> str | None:
    """Say what is wrong with an absolute URL, or None where it can be linked to."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # a bad port is found when it is asked for
    except ValueError:
        return "is not a URL"
    if parts.scheme not in schemes:
        return f"must start with {' or '.join(f'`{each}://`' for each in schemes)}"
    if not host or re.search(r"[\s<>\"`\\^{|}]", url):
        return "is not a URL"
    # Credentials would be published; `git@` of ssh names an account everybody shares.
    if parts.password is not None or (parts.username and parts.scheme in WEB_SCHEMES):
        return "contains a user name or password"
    return None


def read_url(spot: Spot, schemes: tuple[str, ...] = WEB_SCHEMES) -> str | None:
    """Read a web address that is safe to link to."""
    url = read_line(spot, MAX_URL_CHARS)
    fault = find_url_fault(url, schemes) if url else None
    if fault:
        allowed = ", ".join(f"{scheme}://…" for scheme in schemes)
        spot.fail(f"{show(url or '')} {fault}", "invalid-url", allowed=allowed)
        return None
    return url


def normalise_repository_url(text: str) -> str:
    """Spell out what npm allows to be short: `org/repo`, `github:org/repo`, `git@host:path`."""
    if short := _SHORT.match(text):
        return f"https://{_HOSTS[short['host'] or 'github']}/{short['path']}"
    if scp := _SCP.match(text):
        return f"ssh://{scp['user']}@{scp['host']}/{scp['path']}"
    return text.removeprefix("git+")


def read_repository(spot: Spot) -> Repository | None:
    """Read a repository as a URL, a shorthand, or `{type, url, directory}`."""
    if isinstance(spot.value, str):
        url = _read_repository_url(spot)
        return Repository(url) if url else None
    if not isinstance(spot.value, dict):
        spot.fail(f"must be a URL or an object, found {describe(spot.value)}", "wrong-type")
        return None
    readers = {"type": read_line, "url": _read_repository_url, "directory": read_path}
    found: dict[str, str | None] = {}
    for key, member in each_member(spot):
        if key in readers:
            found[key] = readers[key](member)
        else:
            member.warn(f"{show(key)} is unknown here", "unknown-field", allowed=", ".join(readers))
    if "url" not in found:
        spot.child("url", None).fail("is required: where the source lives", "missing-field")
    url = found.get("url")
    return Repository(url, found.get("type") or "git", found.get("directory")) if url else None


def _read_repository_url(spot: Spot) -> str | None:
    text = read_line(spot, MAX_URL_CHARS)
    if not text:
        return None
    return read_url(
        Spot(normalise_repository_url(text), spot.path, spot.faults), REPOSITORY_SCHEMES
    )


def write_repository(repository: Repository) -> JsonValue:
    """Write a repository as its URL where that says all, else as an object."""
    if repository.type == "git" and not repository.directory:
        return repository.url
    written: dict[str, JsonValue] = {"type": repository.type, "url": repository.url}
    return written | ({"directory": repository.directory} if repository.directory else {})


def read_license(spot: Spot) -> str | None:
    """Read a licence as text, `{type, url}`, or a list of these (any of them may be chosen)."""
    if isinstance(spot.value, list):
        names = [name for item in each_item(spot) if (name := read_license(item))]
        return " OR ".join(dict.fromkeys(names)) or None
    if isinstance(spot.value, dict):
        named = spot.value.get("type") or spot.value.get("name")
        return read_line(spot.child("type", named))
    return read_line(spot)
