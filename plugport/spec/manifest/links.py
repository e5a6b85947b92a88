"""Parsers of URLs, repositories and licenses."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from plugport.spec.manifest.document import describe_value
from plugport.spec.manifest.fields import (
    Cursor,
    iter_items,
    iter_members,
    parse_line,
    parse_path,
)
from plugport.spec.manifest.model import JsonValue, Repository
from plugport.spec.text import quote_text

MAX_URL_CHARS = 2_048
WEB_SCHEMES = ("https", "http")
REPOSITORY_SCHEMES = (*WEB_SCHEMES, "ssh", "git")
CREDENTIALS_PROBLEM = "contains a user name or password"

_HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
# The short forms of `repository` in a package.json, and the scp-like syntax of `git clone`, which npm
# also writes as `git+ssh://git@host:path`.
_SHORT = re.compile(r"(?:(?P<host>github|gitlab|bitbucket):)?(?P<path>[\w.-]+/[\w.-]+)\Z", re.ASCII)
_SCP = re.compile(
    r"(?:(?:git\+)?ssh://(?=[^:]+:\D))?(?P<user>[\w.-]+)@(?P<host>[\w.-]+):(?!//)(?P<path>[^\s:]+)\Z",
    re.ASCII,
)


def find_url_problem(url: str, schemes: tuple[str, ...]) -> str | None:
    """Return why an absolute URL is not safe to link to, or None if it is."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # `port` raises ValueError for an invalid port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in schemes:
        return f"must start with {' or '.join(f'`{each}://`' for each in schemes)}"
    if not host or re.search(r"[\s<>\"`\\^{|}]", url):
        return "is not a URL"
    # Credentials in a manifest would be published (CWE-522). `ssh://git@host` has a user name, but
    # it is the shared account of all users.
    if parts.password is not None or (parts.username and parts.scheme in WEB_SCHEMES):
        return CREDENTIALS_PROBLEM
    return None


def parse_url(cursor: Cursor, schemes: tuple[str, ...] = WEB_SCHEMES) -> str | None:
    """Parse a URL that is safe to link to."""
    url = parse_line(cursor, MAX_URL_CHARS)
    problem = find_url_problem(url, schemes) if url else None
    if problem:
        allowed = ", ".join(f"{scheme}://…" for scheme in schemes)
        cursor.fail(
            f"{quote_text(url or '')} {problem}",
            "invalid-url",
            allowed=allowed,
            # The package would publish the password, so dropping the field is not enough.
            is_fatal=problem == CREDENTIALS_PROBLEM,
        )
        return None
    return url


def normalize_repository_url(text: str) -> str:
    """Expand npm's short forms of a repository: `org/repo`, `github:org/repo`, `git@host:path`."""
    if short := _SHORT.match(text):
        return f"https://{_HOSTS[short['host'] or 'github']}/{short['path']}"
    if scp := _SCP.match(text):
        return f"ssh://{scp['user']}@{scp['host']}/{scp['path']}"
    return text.removeprefix("git+")


def parse_repository(cursor: Cursor) -> Repository | None:
    """Parse a repository as a URL, a short form, or `{type, url, directory}`."""
    if isinstance(cursor.value, str):
        url = _parse_repository_url(cursor)
        return Repository(url) if url else None
    if not isinstance(cursor.value, dict):
        cursor.fail(
            f"must be a URL or an object, found {describe_value(cursor.value)}", "wrong-type"
        )
        return None
    parsers = {"type": parse_line, "url": _parse_repository_url, "directory": parse_path}
    members: dict[str, str | None] = {}
    for key, member in iter_members(cursor):
        if key in parsers:
            members[key] = parsers[key](member)
        else:
            member.warn(
                f"{quote_text(key)} is not a known member",
                "unknown-field",
                allowed=", ".join(parsers),
            )
    if "url" not in members:
        cursor.child("url", None).fail("is required: the URL of the repository", "missing-field")
    url = members.get("url")
    return Repository(url, members.get("type") or "git", members.get("directory")) if url else None


def _parse_repository_url(cursor: Cursor) -> str | None:
    text = parse_line(cursor, MAX_URL_CHARS)
    if not text:
        return None
    return parse_url(
        Cursor(normalize_repository_url(text), cursor.path, cursor.problems), REPOSITORY_SCHEMES
    )


def build_repository_value(repository: Repository) -> JsonValue:
    """Return a repository as its URL if that is complete, otherwise as an object."""
    if repository.type == "git" and not repository.directory:
        return repository.url
    members: dict[str, JsonValue] = {"type": repository.type, "url": repository.url}
    return members | ({"directory": repository.directory} if repository.directory else {})


def parse_license(cursor: Cursor) -> str | None:
    """Parse a license as text, `{type, url}`, or a list of these, which means a choice (`OR`).

    npm has deprecated objects and lists, but old packages still have them.
    """
    if isinstance(cursor.value, list):
        names = [name for item in iter_items(cursor) if (name := parse_license(item))]
        return " OR ".join(dict.fromkeys(names)) or None
    if isinstance(cursor.value, dict):
        license_name = cursor.value.get("type") or cursor.value.get("name")
        return parse_line(cursor.child("type", license_name))
    return parse_line(cursor)
