"""Parsers of authors: an object, or one line `Name <email> (url)` as in npm."""

from __future__ import annotations

import re

from plugport.spec.manifest.document import describe_value
from plugport.spec.manifest.fields import Cursor, iter_members, parse_line
from plugport.spec.manifest.links import parse_url
from plugport.spec.manifest.model import Person
from plugport.spec.text import quote_text

_LINE = re.compile(r"(?P<name>[^<>()]*)(?:<(?P<email>[^<>]*)>)?\s*(?:\((?P<url>[^()]*)\))?\s*\Z")
# At most 64 characters before the `@` and 254 in all (RFC 5321, 4.5.3.1).
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


def parse_person(cursor: Cursor) -> Person | None:
    """Parse an author as text or as `{name, email, url}`."""
    if isinstance(cursor.value, str):
        return _parse_person_line(cursor)
    if not isinstance(cursor.value, dict):
        expected = "`Name <email> (url)` or an object with `name`, `email` and `url`"
        cursor.fail(
            f"must be {expected}, found {describe_value(cursor.value)}",
            "wrong-type",
            allowed=expected,
        )
        return None
    parsers = {"name": parse_line, "email": parse_email, "url": parse_url}
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
    # Some authors give only an email address or URL, which then is shown as the name.
    name = members.get("name") or members.get("email") or members.get("url")
    if not name:
        cursor.child("name", None).warn("is missing: the author's name", "missing-recommended")
        return None
    return Person(name, members.get("email"), members.get("url"))


def format_person(person: Person) -> str:
    """Return an author as `Name <email> (url)`."""
    email = f" <{person.email}>" if person.email else ""
    return f"{person.name}{email}" + (f" ({person.url})" if person.url else "")


def build_person_value(person: Person) -> dict[str, str]:
    """Return an author as an object without unknown members."""
    pairs = (("name", person.name), ("email", person.email), ("url", person.url))
    return {key: value for key, value in pairs if value}
