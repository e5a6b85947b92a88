"""The difference between two releases, prepared for the compare tab."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from common.expensive.results import build_key, get_code_digest, load_or_compute
from marketplace.labels import PermissionGroup, list_permission_groups
from marketplace.pages.plugin.code import decode_text
from plugport.spec.diff import texts
from plugport.spec.diff.dependencies import DependencyChange
from plugport.spec.diff.files import FileChange, ListedFile
from plugport.spec.diff.texts import Line, TextDiff
from plugport.spec.diff.values import Change
from plugport.spec.errors import LimitedError
from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import build_permissions_value
from plugport.spec.text import quote_text
from registry.errors import PackageDeletedError, UnknownFileError
from registry.models import Release
from registry.queries.package_files import load_listed_file
from registry.representations import comparison_extract
from registry.representations.compared_releases import ReleasePair
from registry.representations.comparison_extract import (
    compare_file_texts,
    extract_comparison,
    find_file_change,
)
from registry.visibility import Audience

MAX_VALUE_CHARS = 300
MAX_DIFF_INPUT_LINES = 20_000
MAX_LINE_CHARS = 240
# Lines of both files. If all of them differ, comparing takes up to ten milliseconds.
MAX_CHEAP_LINES = 200


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
    """Everything that the tab shows. `omitted_files` counts the changed files that `files` lacks.

    `large_file_count` files have new content that is too large to compare by line; `large_files`
    are the first of them.
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
    large_file_count: int
    counts: str

    @property
    def is_empty(self) -> bool:
        """Whether there is no difference to show."""
        rows = (self.gained, self.lost, self.capabilities_gained, self.capabilities_lost)
        return not any((*rows, self.manifest, self.dependencies, self.files))


def build_comparison_summary(pair: ReleasePair) -> ComparisonSummary:
    """Return the summary of the difference: 1 query, none if it is stored.

    Raises `ServerBusyError`.
    """
    extract = pair.load_or_compute(extract_comparison)
    comparison = extract.comparison
    return ComparisonSummary(
        gained=build_permission_groups(comparison.permissions.gained),
        lost=build_permission_groups(comparison.permissions.lost),
        capabilities_gained=_format_capabilities(comparison.capabilities.gained),
        capabilities_lost=_format_capabilities(comparison.capabilities.lost),
        manifest=[
            ValueRow(row.field, row.change, _format_value(row.before), _format_value(row.after))
            for row in comparison.manifest
        ],
        dependencies=comparison.dependencies,
        files=comparison.files,
        omitted_files=extract.omitted_files,
        large_files=extract.large_files,
        large_file_count=extract.large_file_count,
        counts=", ".join(f"{count} {change}" for change, count in extract.counts.items() if count),
    )


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


def build_file_diff(pair: ReleasePair, summary: ComparisonSummary, path: str) -> FileDiff:
    """Return the changed lines of one file: no query, 1 for a file that is not in the summary.

    Raises `UnknownFileError` if it did not change, and `ServerBusyError`.
    """
    assert pair.before is not None, "the page compares two releases"
    row = next((row for row in summary.files if row.path == path), None)
    if row is None and summary.omitted_files:
        row = pair.load_or_compute(find_file_change, path)
    if row is None:
        raise UnknownFileError(
            f"{quote_text(path)} does not differ between {pair.before.version} and"
            f" {pair.after.version}.",
            hint="Choose a file from the list on the Compare tab.",
        )
    try:
        old = _load_text(pair.before, row.before, pair.audience) if row.before else ""
        new = _load_text(pair.after, row.after, pair.audience) if row.after else ""
    except (LimitedError, PackageDeletedError) as error:
        return FileDiff(row, reason=f"The lines cannot be compared: {error.detail}")
    return _compare_contents(row, old, new)


def _load_text(release: Release, file: ListedFile, audience: Audience) -> str | None:
    entry = {"path": file.path, "size": file.size_bytes, "sha256": file.sha256}
    max_bytes = comparison_extract.MAX_DIFF_BYTES
    return decode_text(load_listed_file(release, entry, max_bytes=max_bytes, audience=audience))


def _compare_contents(row: FileChange, old: str | None, new: str | None) -> FileDiff:
    if old is None or new is None:
        return FileDiff(row, reason="Binary file: the lines cannot be compared.")
    if max(old.count("\n"), new.count("\n")) > MAX_DIFF_INPUT_LINES:
        reason = f"The file has more than {MAX_DIFF_INPUT_LINES:,} lines and is not compared here."
        return FileDiff(row, reason=reason)
    diff = _compare_texts(old, new)
    if not diff.hunks:
        is_renamed = row.change is Change.RENAMED
        reason = "The file was renamed without changes." if is_renamed else "No line differs."
        return FileDiff(row, reason=reason)
    hunks = [(hunk.title, [_build_row(line) for line in hunk.lines]) for hunk in diff.hunks]
    return FileDiff(row, diff, hunks)


def _compare_texts(old: str, new: str) -> TextDiff:
    digests = [
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in (old, new)
    ]
    code = get_code_digest(str(texts.__file__), str(comparison_extract.__file__))
    return load_or_compute(
        build_key(code, "texts", *digests),
        compare_file_texts,
        lambda: (old, new),
        is_cheap=lambda before, after: before.count("\n") + after.count("\n") <= MAX_CHEAP_LINES,
    )


def _build_row(line: Line) -> DiffRow:
    # A carriage return is invisible and may be the only change.
    text = line.text.replace("\r", "␍")
    return DiffRow(line, text[:MAX_LINE_CHARS], max(0, len(text) - MAX_LINE_CHARS))
