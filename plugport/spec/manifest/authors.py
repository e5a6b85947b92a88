"""Parsers of authors: an object, or one line `Name <email> (url)` as in npm."""

from __future__ import annotations

import re

from msgspec.structs import replace

from plugport.spec.manifest.document import describe_value
from plugport.spec.manifest.fields import Cursor, iter_members, parse_line
from plugport.spec.manifest.links import parse_url
from plugport.spec.manifest.model import Person
from plugport.spec.text import quote_text

_LINE = re.compile(r"(?P<name>[^<>()]*)(?:<(?P<email>[^<>]*)>)?\s*(?:\((?P<url>[^()]*)\))?\s*\Z")
# At most 64 characters before the `@` and 254 in all (RFC 5321, 4.5.3.1).
_GITHUB = re.compile(
    r"(?:https?://(?:www\.)?github\.com/|@)?(?P<user>[a-z0-9](?:-?[a-z0-9]){0,38})/?\Z",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,189}\Z")


def parse_email(cursor: Cursor) -> str | None:
    """Parse an email address. Only its general form is checked, not that it exists."""
    text = parse_line(cursor)
    if text and not _EMAIL.match(text):
        cursor.fail(
            f"{quote_text(text)} is not an email address", "invalid-email", allowed="name@host"
        )
        return None
    return text


def find_github_user(url: str) -> str | None:
    """Return the user name in the URL of a profile on GitHub, or None for another URL."""
    match = _GITHUB.match(url) if "/" in url else None
    return match["user"] if match else None


def _parse_github(cursor: Cursor) -> str | None:
    """Parse a user name on GitHub: `ada`, `@ada` or `https://github.com/ada`."""
    text = parse_line(cursor)
    match = _GITHUB.match(text) if text else None
    if text and not match:
        allowed = "a user name, or https://github.com/USER"
        cursor.fail(
            f"{quote_text(text)} is not a user of GitHub", "invalid-author", allowed=allowed
        )
    return match["user"] if match else None


def parse_person(cursor: Cursor) -> Person | None:
    """Parse an author as text or as `{name, email, url, github}`."""
    if isinstance(cursor.value, str):
        return _parse_person_line(cursor)
    if not isinstance(cursor.value, dict):
        expected = "`Name <email> (url)` or an object with `name`, `email`, `url` and `github`"
        cursor.fail(
            f"must be {expected}, found {describe_value(cursor.value)}",
            "wrong-type",
            allowed=expected,
        )
        return None
    parsers = {
        "name": parse_line,
        "email": parse_email,
        "url": parse_url,
        "github": _parse_github,
    }
    members: dict[str, str | None] = {}
    for key, member in iter_members(cursor):
        if key in parsers:
            # Generators of manifests write empty texts for unknown values.
            members[key] = None if member.value in ("", None) else parsers[key](member)
        else:
            member.warn(
                f"{quote_text(key)} is not a known member",
                "unknown-field",
                allowed=", ".join(parsers),
            )
    return _build_person(cursor, members)


def _parse_person_line(cursor: Cursor) -> Person | None:
    line = parse_line(cursor, 500)
    if not line:
        return None
    parts = _LINE.match(line)
    if not parts:
        cursor.fail(
            f"{quote_text(line)} is not an author", "invalid-author", allowed="Name <email> (url)"
        )
        return None
    parsers = {"name": parse_line, "email": parse_email, "url": parse_url}
    members = {
        key: parse(Cursor(parts[key].strip(), cursor.path, cursor.problems)) if parts[key] else None
        for key, parse in parsers.items()
    }
    return _build_person(cursor, members)


def _build_person(cursor: Cursor, members: dict[str, str | None]) -> Person | None:
    # Some authors give only another member, which then is shown as the name.
    name = next(filter(None, map(members.get, ("name", "email", "url", "github"))), None)
    if not name:
        cursor.child("name", None).warn("is missing: the author's name", "missing-recommended")
        return None
    return Person(name, members.get("email"), members.get("url"), members.get("github"))


def format_person(person: Person) -> str:
    """Return an author as `Name <email> (url)`."""
    email = f" <{person.email}>" if person.email else ""
    return f"{person.name}{email}" + (f" ({person.url})" if person.url else "")


def build_person_value(person: Person) -> dict[str, str]:
    """Return an author as an object without unknown members."""
    pairs = (
        ("name", person.name),
        ("email", person.email),
        ("url", person.url),
        ("github", person.github),
    )
    return {key: value for key, value in pairs if value}


def build_strict_person_value(person: Person) -> dict[str, str]:
    """Return an author as an object for formats that refuse the member `github`."""
    return build_person_value(replace(person, github=None))
