"""Reading fields: every reader takes a `Spot` and returns a clean value, or reports and returns None.

Nothing here raises: all faults of a manifest are collected and shown at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from plugport.spec.errors import FieldError, PlugportError
from plugport.spec.manifest.document import (
    MAX_FAULTS,
    Document,
    Path,
    describe,
    show_value,
    write_path,
)
from plugport.spec.manifest.errors import build_manifest_error
from plugport.spec.manifest.model import JsonValue
from plugport.spec.text import show

T = TypeVar("T")
Reader = Callable[["Spot"], T | None]

MAX_LINE_CHARS = 200
MAX_PARAGRAPH_CHARS = 2_000
MAX_ITEMS = 500

# Controls, characters that turn the direction of what follows, and characters without a picture:
# none has a place in a manifest, and each has been used to show people other text than programs.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\u200b\u2060-\u2064\ufeff\U000e0000-\U000e0fff]",
)
# Joiners and direction marks are needed to write some languages, but not to name things.
_PROSE_ONLY = re.compile("[\u00ad\u034f\u061c\u200c-\u200f]")


@dataclass(slots=True)
class Faults:
    """What is wrong with one document so far."""

    document: Document
    errors: list[FieldError] = field(default_factory=list)
    warnings: list[FieldError] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    # Goes on counting where `errors` is full.
    failures: int = 0

    def __post_init__(self) -> None:
        self.errors.extend(self.document.faults)

    def raise_errors(self) -> None:
        """Raise `ManifestError` with all faults, if there are any."""
        if self.errors:
            # A file that two manifests name is read twice, and its faults come twice.
            ordered = sorted(dict.fromkeys(self.errors), key=self._get_order)
            raise build_manifest_error(self.document.file, ordered, self.hints)

    def _get_order(self, fault: FieldError) -> tuple[bool, str, int]:
        file = fault.file or self.document.file
        return file != self.document.file, file, fault.line or 0


@dataclass(frozen=True, slots=True)
class Spot:
    """One value of a document, where it stands, and where its faults go."""

    value: JsonValue
    path: Path
    faults: Faults

    def fail(
        self,
        detail: str,
        code: str = "invalid",
        *,
        allowed: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Report an error of this value."""
        self.faults.failures += 1
        self._report(self.faults.errors, detail, code, allowed)
        if hint:
            self.faults.hints.append(hint)

    def warn(self, detail: str, code: str, *, allowed: str | None = None) -> None:
        """Report what does not stop the manifest, but its author should know."""
        self._report(self.faults.warnings, detail, code, allowed)

    def fail_with(self, error: PlugportError) -> None:
        """Report an error that a parser of names, versions or ranges raised."""
        self.fail(error.detail, error.code, allowed=error.hint, hint=error.hint)

    def expect(self, wanted: str) -> None:
        """Report that the value is of another type than `wanted`."""
        self.fail(f"must be {wanted}, found {describe(self.value)}", "wrong-type", allowed=wanted)

    def child(self, key: str | int, value: JsonValue) -> Spot:
        """Give the spot of a value inside this one."""
        return Spot(value, (*self.path, key), self.faults)

    def _report(
        self, faults: list[FieldError], detail: str, code: str, allowed: str | None
    ) -> None:
        if len(faults) >= MAX_FAULTS:
            return  # the author has enough to do
        place = self.faults.document.find_place(self.path)
        found = show_value(self.value)
        name = write_path(self.path)
        faults.append(FieldError(name, detail, code, place.file, place.line, found, allowed))


def find_unsafe(text: str, *, prose: bool = False) -> str | None:
    """Find a character that must not be shown, as `U+202E`, or None."""
    bad = _UNSAFE.search(text) or (None if prose else _PROSE_ONLY.search(text))
    return f"U+{ord(bad[0]):04X}" if bad else None


def _read_text(spot: Spot, limit: int, *, paragraph: bool) -> str | None:
    if not isinstance(spot.value, str):
        spot.expect("text")
        return None
    text = " ".join(spot.value.split()) if paragraph else spot.value.strip()
    bad = find_unsafe(text, prose=paragraph)
    if bad is None and not paragraph and ("\n" in text or "\r" in text or "\t" in text):
        bad = "a line break or tab"
    if bad:
        spot.fail(f"contains {bad}, which is not allowed here", "unsafe-character")
        return None
    if len(text) > limit:
        detail = f"is {len(text)} characters long; at most {limit} are allowed"
        spot.fail(detail, "too-long", allowed=f"at most {limit} characters")
        return None
    return text


def read_line(spot: Spot, limit: int = MAX_LINE_CHARS) -> str | None:
    """Read one line of text; empty counts as not given."""
    return _read_text(spot, limit, paragraph=False) or None


def read_paragraph(spot: Spot) -> str | None:
    """Read a paragraph; line breaks and runs of blanks become one space."""
    return _read_text(spot, MAX_PARAGRAPH_CHARS, paragraph=True) or None


def read_flag(spot: Spot) -> bool | None:
    """Read true or false; a text that only looks like it is an error."""
    if isinstance(spot.value, bool):
        return spot.value
    spot.expect("`true` or `false`")
    return None


def read_choice(spot: Spot, allowed: Collection[str]) -> str | None:
    """Read one of the allowed words."""
    listed = ", ".join(allowed)
    if not isinstance(spot.value, str):
        spot.expect(f"one of {listed}")
        return None
    if spot.value in allowed:
        return spot.value
    spot.fail(f"{show(spot.value)} is not one of {listed}", "not-allowed-value", allowed=listed)
    return None


def each_item(spot: Spot, wanted: str = "a list") -> Iterator[Spot]:
    """Go through the items of a list; a single text counts as a list of one."""
    # One word in place of a list of one is the most common slip, and there is no doubt what is meant.
    value = [spot.value] if isinstance(spot.value, str) else spot.value
    if not isinstance(value, list):
        spot.expect(wanted)
        return
    if not _is_short(spot, len(value)):
        return
    for index, item in enumerate(value):
        yield spot if isinstance(spot.value, str) else spot.child(index, item)


def each_member(
    spot: Spot, wanted: str = "a mapping", *, with_nulls: bool = False
) -> Iterator[tuple[str, Spot]]:
    """Go through the members of a mapping; a null counts as not there, as an empty line of YAML."""
    if not isinstance(spot.value, dict):
        spot.expect(wanted)
        return
    if not _is_short(spot, len(spot.value)):
        return
    for key, value in spot.value.items():
        if value is not None or with_nulls:
            yield key, spot.child(key, value)


def _is_short(spot: Spot, count: int) -> bool:
    if count > MAX_ITEMS:
        detail = f"has {count} members; at most {MAX_ITEMS} are allowed"
        spot.fail(detail, "too-many", allowed=f"at most {MAX_ITEMS}")
    return count <= MAX_ITEMS


def read_list(spot: Spot, reader: Reader[T], wanted: str = "a list") -> tuple[T, ...] | None:
    """Read every item with `reader`, drop what repeats; None where nothing is left."""
    # All items are read before any is dropped: each has its own faults to report.
    items = [reader(item) for item in each_item(spot, wanted)]
    kept: list[T] = []
    for item in items:
        if item is not None and item not in kept:
            kept.append(item)
    return tuple(kept) or None


def read_lines(spot: Spot) -> tuple[str, ...] | None:
    """Read a list of short texts."""
    return read_list(spot, read_line, "a list of texts")


def read_mapping(spot: Spot) -> dict[str, JsonValue] | None:
    """Read a mapping as it is."""
    if isinstance(spot.value, dict):
        return spot.value
    spot.expect("a mapping")
    return None


def find_path_fault(path: str) -> str | None:
    """Say why a path may lead out of the plugin, or None where it cannot."""
    parts = path.split("/")
    # Judged for every system at once: the plugin is installed on others than it was packed on.
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path):
        return "is absolute"
    if "\\" in path:
        return "contains a backslash"
    if ".." in parts:
        return "leads out of the plugin with `..`"
    return None


def read_path(spot: Spot) -> str | None:
    """Read a path inside the plugin, with `/`."""
    path = read_line(spot, 512)
    fault = find_path_fault(path) if path else None
    if fault:
        allowed = "a path inside the plugin, with `/`"
        spot.fail(f"the path {show(path or '')} {fault}", "unsafe-path", allowed=allowed)
        return None
    return path
