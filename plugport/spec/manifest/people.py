"""Reading authors: an object, or one line `Name <mail> (url)`."""

from __future__ import annotations

import re

from plugport.spec.manifest.document import describe
from plugport.spec.manifest.fields import Spot, each_member, read_line
from plugport.spec.manifest.links import read_url
from plugport.spec.manifest.model import Person
from plugport.spec.text import show

_LINE = re.compile(r"(?P<name>[^<>()]*)(?:<(?P<email>[^<>]*)>)?\s*(?:\((?P<url>[^()]*)\))?\s*\Z")
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,189}\Z")


def read_email(spot: Spot) -> str | None:
    """Read a mail address: something on both sides of one `@`."""
    text = read_line(spot)
    if text and not _EMAIL.match(text):
        spot.fail(f"{show(text)} is not a mail address", "invalid-email", allowed="name@host")
        return None
    return text


def read_person(spot: Spot) -> Person | None:
    """Read an author as text or as `{name, email, url}`."""
    if isinstance(spot.value, str):
        return _read_person_line(spot)
    if not isinstance(spot.value, dict):
        wanted = "`Name <mail> (url)` or an object with `name`, `email` and `url`"
        spot.fail(f"must be {wanted}, found {describe(spot.value)}", "wrong-type", allowed=wanted)
        return None
    readers = {"name": read_line, "email": read_email, "url": read_url}
    found: dict[str, str | None] = {}
    for key, member in each_member(spot):
        if key in readers:
            # Generators leave empty texts where nothing is known.
            found[key] = None if member.value in ("", None) else readers[key](member)
        else:
            member.warn(f"{show(key)} is unknown here", "unknown-field", allowed=", ".join(readers))
    return _build(spot, found)


def _read_person_line(spot: Spot) -> Person | None:
    line = read_line(spot, 500)
    if not line:
        return None
    parts = _LINE.match(line)
    if not parts:
        spot.fail(f"{show(line)} is not an author", "invalid-author", allowed="Name <mail> (url)")
        return None
    readers = {"name": read_line, "email": read_email, "url": read_url}
    found = {
        key: reader(Spot(parts[key].strip(), spot.path, spot.faults)) if parts[key] else None
        for key, reader in readers.items()
    }
    return _build(spot, found)


def _build(spot: Spot, found: dict[str, str | None]) -> Person | None:
    # Some give an address alone; somebody has to be named.
    name = found.get("name") or found.get("email") or found.get("url")
    if not name:
        spot.child("name", None).warn("is missing: who wrote it", "missing-recommended")
        return None
    return Person(name, found.get("email"), found.get("url"))


def write_person_line(person: Person) -> str:
    """Write an author as `Name <mail> (url)`."""
    mail = f" <{person.email}>" if person.email else ""
    return f"{person.name}{mail}" + (f" ({person.url})" if person.url else "")


def write_person(person: Person) -> dict[str, str]:
    """Write an author as an object without what is not known."""
    pairs = (("name", person.name), ("email", person.email), ("url", person.url))
    return {key: value for key, value in pairs if value}
