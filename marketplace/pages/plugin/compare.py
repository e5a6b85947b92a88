"""Two releases side by side, as a page shows them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.pages.plugin.code import read_text
from marketplace.words import Permission, describe_permissions
from plugport.spec.comparing.dependencies import DependencyChange
from plugport.spec.comparing.files import FileChange
from plugport.spec.comparing.releases import Comparison
from plugport.spec.comparing.texts import Line, TextDiff, compare_texts
from plugport.spec.comparing.values import Change
from plugport.spec.errors import LimitedError
from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import write_permissions
from plugport.spec.text import show
from registry.comparing import compare, count_changes
from registry.contents import read_release_file
from registry.errors import UnknownFileError
from registry.models import Release

MAX_FILES = 200
MAX_ROWS = 100
MAX_VALUE_CHARS = 300
MAX_DIFF_BYTES = 512 << 10
MAX_DIFF_INPUT_LINES = 20_000
MAX_DIFF_LINES = 300
MAX_LINE_CHARS = 240
_NO_FILE = "This file is not shown: a release that is blocked keeps its files to itself."


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A field of the manifest with its values as text."""

    field: str
    change: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DiffRow:
    """A line of a diff; `cut` characters of it are left out."""

    line: Line
    text: str
    cut: int

    @property
    def kind(self) -> str:
        """How it is drawn."""
        return {"+": "added", "-": "removed"}.get(self.line.sign, "same")


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The open file: its hunks, or in `reason` why there are none."""

    row: FileChange
    diff: TextDiff | None = None
    hunks: Sequence[tuple[str, Sequence[DiffRow]]] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Comparing:
    """All that the page shows of two releases; `left` counts the files beyond those shown.

    `large` are the files whose changed lines are not shown because there may be too many.
    """

    gained: Sequence[Permission]
    lost: Sequence[Permission]
    capabilities_gained: Sequence[tuple[str, str]]
    capabilities_lost: Sequence[tuple[str, str]]
    manifest: Sequence[ValueRow]
    dependencies: Sequence[DependencyChange]
    files: Sequence[FileChange]
    left: int
    large: Sequence[FileChange]
    counts: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs that the page would show."""
        rows = (self.gained, self.lost, self.capabilities_gained, self.capabilities_lost)
        return not any((*rows, self.manifest, self.dependencies, self.files))


def build_comparing(before: Release, after: Release) -> tuple[Comparing, Comparison]:
    """What changed in words and rows, and the comparison that it was made of. No query."""
    found = compare(before, after)
    shown = Comparing(
        gained=describe(found.permissions.gained),
        lost=describe(found.permissions.lost),
        capabilities_gained=_join(found.capabilities.gained),
        capabilities_lost=_join(found.capabilities.lost),
        manifest=[
            ValueRow(row.field, row.change, _show_value(row.before), _show_value(row.after))
            for row in found.manifest[:MAX_ROWS]
        ],
        dependencies=found.dependencies[:MAX_ROWS],
        files=found.files[:MAX_FILES],
        left=max(0, len(found.files) - MAX_FILES),
        large=[row for row in found.files if _is_large(row)],
        counts=", ".join(
            f"{count} {change}" for change, count in count_changes(found.files).items() if count
        ),
    )
    return shown, found


def _is_large(row: FileChange) -> bool:
    """Whether it has lines that are new and not compared. What was only moved has none."""
    sides = [side for side in (row.before, row.after) if side is not None]
    is_new = row.after is not None and len({side.sha256 for side in sides}) == len(sides)
    return is_new and any(side.size_bytes > MAX_DIFF_BYTES for side in sides)


def describe(permissions: Permissions) -> list[Permission]:
    """Permissions in words."""
    return describe_permissions(write_permissions(permissions) or {})


def _join(words: Any) -> list[tuple[str, str]]:
    return [(field.capitalize(), ", ".join(each)) for field, each in words.items()]


def _show_value(value: Any) -> str:
    """A JSON value as one reads it: text as it is, the rest as JSON, cut where it is long."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ", ".join(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[:MAX_VALUE_CHARS]}…"


def open_diff(found: Comparison, before: Release, after: Release, path: str) -> FileDiff:
    """The changed lines of one file. Raises `UnknownFileError` if it is the same in both."""
    row = next((row for row in found.files if row.path == path), None)
    if row is None:
        raise UnknownFileError(
            f"{show(path)} does not differ between {before.version} and {after.version}.",
            hint="The comparison lists the files that do.",
        )
    if not (before.is_served and after.is_served):
        return FileDiff(row, reason=_NO_FILE)
    try:
        old = _read(before, row.before.path) if row.before else ""
        new = _read(after, row.after.path) if row.after else ""
    except LimitedError as error:
        return FileDiff(row, reason=f"No lines are compared: {error.detail}")
    return _compare(row, old, new)


def _read(release: Release, path: str) -> str | None:
    return read_text(read_release_file(release, path, max_bytes=MAX_DIFF_BYTES))


def _compare(row: FileChange, old: str | None, new: str | None) -> FileDiff:
    if old is None or new is None:
        return FileDiff(row, reason="It is not text, so no lines are compared.")
    if max(old.count("\n"), new.count("\n")) > MAX_DIFF_INPUT_LINES:
        reason = f"It has more than {MAX_DIFF_INPUT_LINES} lines; they are not compared here."
        return FileDiff(row, reason=reason)
    diff = compare_texts(old, new, max_lines=MAX_DIFF_LINES)
    if not diff.hunks:
        same = row.change is Change.RENAMED
        return FileDiff(row, reason="Its content is the same." if same else "No line differs.")
    hunks = [(hunk.title, [_make_row(line) for line in hunk.lines]) for hunk in diff.hunks]
    return FileDiff(row, diff, hunks)


def _make_row(line: Line) -> DiffRow:
    # A carriage return cannot be seen, and may be all that changed.
    text = line.text.replace("\r", "␍")
    return DiffRow(line, text[:MAX_LINE_CHARS], max(0, len(text) - MAX_LINE_CHARS))
