"""The difference between two releases, prepared for the compare tab."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.labels import PermissionGroup, list_permission_groups
from marketplace.pages.plugin.code import decode_text
from plugport.spec.diff.dependencies import DependencyChange
from plugport.spec.diff.files import FileChange
from plugport.spec.diff.releases import Comparison
from plugport.spec.diff.texts import Line, TextDiff, compare_texts
from plugport.spec.diff.values import Change
from plugport.spec.errors import LimitedError
from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import build_permissions_value
from plugport.spec.text import quote_text
from registry.errors import PackageDeletedError, UnknownFileError
from registry.models import Release
from registry.queries.package_files import load_release_file
from registry.representations.diffs import build_comparison, get_change_counts
from registry.visibility import Audience

# The page shows the start of each list; the API returns everything.
MAX_FILES = 200
MAX_ROWS = 100
MAX_VALUE_CHARS = 300
# Comparing takes quadratic time in the number of edits (CWE-407), so bytes and lines are limited.
MAX_DIFF_BYTES = 512 << 10
MAX_DIFF_INPUT_LINES = 20_000
MAX_DIFF_LINES = 300
MAX_LINE_CHARS = 240


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A changed field of the manifest, with its values as text."""

    field: str
    change: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DiffRow:
    """A line of a diff; `cut` is the number of omitted characters."""

    line: Line
    text: str
    cut: int

    @property
    def kind(self) -> str:
        """The suffix of its CSS class."""
        return {"+": "added", "-": "removed"}.get(self.line.sign, "same")


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The selected file: its hunks, or in `reason` why there are none."""

    row: FileChange
    diff: TextDiff | None = None
    hunks: Sequence[tuple[str, Sequence[DiffRow]]] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ComparisonSummary:
    """Everything that the tab shows. `omitted_files` counts the files beyond `MAX_FILES`.

    `large_files` have new content that is too large to compare by line.
    """

    gained: Sequence[PermissionGroup]
    lost: Sequence[PermissionGroup]
    capabilities_gained: Sequence[tuple[str, str]]
    capabilities_lost: Sequence[tuple[str, str]]
    manifest: Sequence[ValueRow]
    dependencies: Sequence[DependencyChange]
    files: Sequence[FileChange]
    omitted_files: int
    large_files: Sequence[FileChange]
    counts: str

    @property
    def is_empty(self) -> bool:
        """Whether there is no difference to show."""
        rows = (self.gained, self.lost, self.capabilities_gained, self.capabilities_lost)
        return not any((*rows, self.manifest, self.dependencies, self.files))


def build_comparison_summary(
    before: Release, after: Release, *, audience: Audience = Audience.EVERYONE
) -> tuple[ComparisonSummary, Comparison]:
    """Return the summary, and the comparison that it is built from. No query."""
    comparison = build_comparison(before, after, audience)
    summary = ComparisonSummary(
        gained=build_permission_groups(comparison.permissions.gained),
        lost=build_permission_groups(comparison.permissions.lost),
        capabilities_gained=_format_capabilities(comparison.capabilities.gained),
        capabilities_lost=_format_capabilities(comparison.capabilities.lost),
        manifest=[
            ValueRow(row.field, row.change, _format_value(row.before), _format_value(row.after))
            for row in comparison.manifest[:MAX_ROWS]
        ],
        dependencies=comparison.dependencies[:MAX_ROWS],
        files=comparison.files[:MAX_FILES],
        omitted_files=max(0, len(comparison.files) - MAX_FILES),
        large_files=[row for row in comparison.files if _is_large(row)],
        counts=", ".join(
            f"{count} {change}"
            for change, count in get_change_counts(comparison.files).items()
            if count
        ),
    )
    return summary, comparison


def _is_large(row: FileChange) -> bool:
    """Whether it has new content that is not compared by line. A renamed file has none."""
    sides = [side for side in (row.before, row.after) if side is not None]
    # Content with the digest of the old file was reviewed before; only new digests need a warning.
    is_new = row.after is not None and len({side.sha256 for side in sides}) == len(sides)
    return is_new and any(side.size_bytes > MAX_DIFF_BYTES for side in sides)


def build_permission_groups(permissions: Permissions) -> list[PermissionGroup]:
    """Return the permissions grouped by type, with titles."""
    return list_permission_groups(build_permissions_value(permissions) or {})


def _format_capabilities(capabilities: Any) -> list[tuple[str, str]]:
    return [(field.capitalize(), ", ".join(each)) for field, each in capabilities.items()]


def _format_value(value: Any) -> str:
    """Return a JSON value as text: strings and lists of strings unquoted, the rest as JSON, truncated."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ", ".join(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[:MAX_VALUE_CHARS]}…"


def build_file_diff(
    comparison: Comparison,
    before: Release,
    after: Release,
    path: str,
    *,
    audience: Audience = Audience.EVERYONE,
) -> FileDiff:
    """Return the changed lines of one file. Raises `UnknownFileError` if it did not change."""
    row = next((row for row in comparison.files if row.path == path), None)
    if row is None:
        raise UnknownFileError(
            f"{quote_text(path)} does not differ between {before.version} and {after.version}.",
            hint="Choose a file from the list on the Compare tab.",
        )
    try:
        old = _load_text(before, row.before.path, audience) if row.before else ""
        new = _load_text(after, row.after.path, audience) if row.after else ""
    except (LimitedError, PackageDeletedError) as error:
        return FileDiff(row, reason=f"The lines cannot be compared: {error.detail}")
    return _compare_contents(row, old, new)


def _load_text(release: Release, path: str, audience: Audience) -> str | None:
    return decode_text(
        load_release_file(release, path, max_bytes=MAX_DIFF_BYTES, audience=audience)
    )


def _compare_contents(row: FileChange, old: str | None, new: str | None) -> FileDiff:
    if old is None or new is None:
        return FileDiff(row, reason="Binary file: the lines cannot be compared.")
    if max(old.count("\n"), new.count("\n")) > MAX_DIFF_INPUT_LINES:
        reason = f"The file has more than {MAX_DIFF_INPUT_LINES:,} lines and is not compared here."
        return FileDiff(row, reason=reason)
    diff = compare_texts(old, new, max_lines=MAX_DIFF_LINES)
    if not diff.hunks:
        is_renamed = row.change is Change.RENAMED
        reason = "The file was renamed without changes." if is_renamed else "No line differs."
        return FileDiff(row, reason=reason)
    hunks = [(hunk.title, [_build_row(line) for line in hunk.lines]) for hunk in diff.hunks]
    return FileDiff(row, diff, hunks)


def _build_row(line: Line) -> DiffRow:
    # A carriage return is invisible and may be the only change.
    text = line.text.replace("\r", "␍")
    return DiffRow(line, text[:MAX_LINE_CHARS], max(0, len(text) - MAX_LINE_CHARS))
