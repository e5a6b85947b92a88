"""Parsers of single fields. Each takes a `Cursor` and returns a valid value, or reports and returns None.

None of them raises: all problems of a manifest are collected and reported at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from msgspec import Struct, field

from plugport.spec.errors import FieldError
from plugport.spec.manifest.document import (
    MORE_PROBLEMS,
    Document,
    Path,
    ProblemList,
    describe_value,
    format_path,
    format_value,
)
from plugport.spec.manifest.errors import build_manifest_error
from plugport.spec.manifest.model import JsonValue
from plugport.spec.text import find_unsafe_character, quote_text

T = TypeVar("T")
FieldParser = Callable[["Cursor"], T | None]

MAX_LINE_CHARS = 200
MAX_PARAGRAPH_CHARS = 2_000
MAX_ITEMS = 500


class ManifestProblems(Struct):
    """The problems of one document: errors, warnings, and hints for the error message."""

    document: Document
    errors: ProblemList = field(default_factory=ProblemList)
    warnings: ProblemList = field(default_factory=ProblemList)
    hints: list[str] = field(default_factory=list)
    # Counts all errors; `errors` holds the first of them.
    failures: int = 0
    # Set while a field is parsed that only describes the plugin, in a format that allows it: its
    # errors are reported as warnings, and the invalid value is dropped.
    is_tolerant: bool = False

    def __post_init__(self) -> None:
        self.errors.add_all(self.document.problems)

    def raise_errors(self) -> None:
        """Raise `ManifestError` if there are errors."""
        if self.errors:
            ordered = sorted(self.errors.finish(self.document.file), key=self._get_sort_key)
            raise build_manifest_error(self.document.file, ordered, self.hints)

    def _get_sort_key(self, problem: FieldError) -> tuple[bool, bool, str, int]:
        file, is_last = problem.file or self.document.file, problem.code == MORE_PROBLEMS
        return is_last, file != self.document.file, file, problem.line or 0


class Cursor(Struct, frozen=True):
    """A value of a document, its path, and the list to which its problems are reported."""

    value: JsonValue
    path: Path
    problems: ManifestProblems

    def fail(
        self,
        detail: str,
        code: str = "invalid",
        *,
        allowed: str | None = None,
        hint: str | None = None,
        is_fatal: bool = False,
    ) -> None:
        """Report an error of this value. The manifest is then rejected.

        In a field that only describes the plugin it is a warning, unless `is_fatal` is true.
        """
        if self.problems.is_tolerant and not is_fatal:
            self.warn(f"{detail}; it is ignored", code, allowed=allowed)
            return
        self.problems.failures += 1
        self._report(self.problems.errors, detail, code, allowed)
        if hint:
            self.problems.hints.append(hint)

    def warn(self, detail: str, code: str, *, allowed: str | None = None) -> None:
        """Report a warning about this value. It does not reject the manifest."""
        self._report(self.problems.warnings, detail, code, allowed)

    def expect(self, expected: str) -> None:
        """Report that the value is not of the expected type."""
        self.fail(
            f"must be {expected}, found {describe_value(self.value)}",
            "wrong-type",
            allowed=expected,
        )

    def child(self, key: str | int, value: JsonValue) -> Cursor:
        """Return the cursor of a value inside this one."""
        return Cursor(value, (*self.path, key), self.problems)

    def _report(self, problems: ProblemList, detail: str, code: str, allowed: str | None) -> None:
        position = self.problems.document.get_position(self.path)
        name, actual = format_path(self.path), format_value(self.value)
        problems.add(FieldError(name, detail, code, position.file, position.line, actual, allowed))


def _parse_text(cursor: Cursor, limit: int, *, paragraph: bool) -> str | None:
    if not isinstance(cursor.value, str):
        cursor.expect("text")
        return None
    text = " ".join(cursor.value.split()) if paragraph else cursor.value.strip()
    unsafe = find_unsafe_character(text, prose=paragraph)
    if unsafe is None and not paragraph and ("\n" in text or "\r" in text or "\t" in text):
        unsafe = "a line break or tab"
    if unsafe:
        # Fatal in every field: such text is written to deceive, and the author should know.
        detail = f"contains {unsafe}, which is not allowed here"
        cursor.fail(detail, "unsafe-character", is_fatal=True)
        return None
    if len(text) > limit:
        detail = f"is {len(text)} characters long; at most {limit} are allowed"
        cursor.fail(detail, "too-long", allowed=f"at most {limit} characters")
        return None
    return text


def parse_line(cursor: Cursor, limit: int = MAX_LINE_CHARS) -> str | None:
    """Parse one line of text. An empty text counts as absent."""
    return _parse_text(cursor, limit, paragraph=False) or None


def parse_paragraph(cursor: Cursor) -> str | None:
    """Parse a paragraph. Each run of white space becomes one space."""
    return _parse_text(cursor, MAX_PARAGRAPH_CHARS, paragraph=True) or None


def parse_flag(cursor: Cursor) -> bool | None:
    """Parse `true` or `false`. A text such as `"true"` is an error."""
    if isinstance(cursor.value, bool):
        return cursor.value
    cursor.expect("`true` or `false`")
    return None


def parse_choice(cursor: Cursor, allowed: Collection[str]) -> str | None:
    """Parse one of the allowed words."""
    listed = ", ".join(allowed)
    if not isinstance(cursor.value, str):
        cursor.expect(f"one of {listed}")
        return None
    if cursor.value in allowed:
        return cursor.value
    cursor.fail(
        f"{quote_text(cursor.value)} is not one of {listed}", "not-allowed-value", allowed=listed
    )
    return None


def iter_items(
    cursor: Cursor, expected: str = "a list", *, is_prose: bool = False
) -> Iterator[Cursor]:
    """Yield the items of a list. A single text counts as a list of one.

    Authors often write one word instead of a list of one, and only one meaning is possible. A text
    with commas is probably a list in one text, which is reported unless the items are prose.
    """
    if isinstance(cursor.value, str) and "," in cursor.value and not is_prose:
        detail = f"must be {expected}, found one text with commas; it is read as one item"
        cursor.warn(detail, "text-instead-of-list", allowed=expected)
    value = [cursor.value] if isinstance(cursor.value, str) else cursor.value
    if not isinstance(value, list):
        cursor.expect(expected)
        return
    if not _is_short(cursor, len(value)):
        return
    for index, item in enumerate(value):
        yield cursor if isinstance(cursor.value, str) else cursor.child(index, item)


def iter_members(
    cursor: Cursor, expected: str = "a mapping", *, with_nulls: bool = False
) -> Iterator[tuple[str, Cursor]]:
    """Yield the members of a mapping, without nulls: `key:` without a value is null in YAML."""
    if not isinstance(cursor.value, dict):
        cursor.expect(expected)
        return
    if not _is_short(cursor, len(cursor.value)):
        return
    for key, value in cursor.value.items():
        if value is not None or with_nulls:
            yield key, cursor.child(key, value)


def _is_short(cursor: Cursor, count: int) -> bool:
    if count > MAX_ITEMS:
        detail = f"has {count} members; at most {MAX_ITEMS} are allowed"
        cursor.fail(detail, "too-many", allowed=f"at most {MAX_ITEMS}")
    return count <= MAX_ITEMS


def split_text(cursor: Cursor, expected: str) -> Cursor:
    """Return the list that a text with commas is meant to be, with a warning; else the cursor."""
    if not isinstance(cursor.value, str) or "," not in cursor.value:
        return cursor
    items: list[JsonValue] = [part for each in cursor.value.split(",") if (part := each.strip())]
    detail = f"must be {expected}, found one text; it is read as {len(items)}, split at the commas"
    cursor.warn(detail, "text-instead-of-list", allowed=expected)
    return Cursor(items, cursor.path, cursor.problems)


def require_list(cursor: Cursor, expected: str) -> bool:
    """Report an error for a text with commas where a list belongs. Returns whether it is none.

    For fields with consequences, such as permissions: no meaning of the text is safe to assume.
    """
    if isinstance(cursor.value, str) and "," in cursor.value:
        detail = f"must be {expected}, found one text with commas"
        cursor.fail(detail, "text-instead-of-list", allowed=expected)
        return False
    return True


def parse_list(
    cursor: Cursor, parse_item: FieldParser[T], expected: str = "a list"
) -> tuple[T, ...] | None:
    """Parse every item and remove duplicates. Returns None if no item is left."""
    items = [parse_item(item) for item in iter_items(cursor, expected)]
    unique: list[T] = []
    for item in items:
        if item is not None and item not in unique:
            unique.append(item)
    return tuple(unique) or None


def parse_mapping(cursor: Cursor) -> dict[str, JsonValue] | None:
    """Return a mapping unchanged."""
    if isinstance(cursor.value, dict):
        return cursor.value
    cursor.expect("a mapping")
    return None


def find_path_problem(path: str) -> str | None:
    """Return why a path may leave the plugin's folder (CWE-22), or None if it is safe."""
    parts = path.split("/")
    # The rules of all systems apply at once: a plugin packed on Linux is installed on Windows.
    if path.startswith(("/", "~")) or re.match(r"[A-Za-z]:", path):
        return "is absolute"
    if "\\" in path:
        return "contains a backslash"
    if ".." in parts:
        return "leaves the plugin's folder with `..`"
    return None


def parse_path(cursor: Cursor) -> str | None:
    """Parse a path inside the plugin, with `/` as separator."""
    path = parse_line(cursor, 512)
    problem = find_path_problem(path) if path else None
    if problem:
        allowed = "a path inside the plugin, with `/`"
        cursor.fail(f"the path {quote_text(path or '')} {problem}", "unsafe-path", allowed=allowed)
        return None
    return path
