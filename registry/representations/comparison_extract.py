"""The part of a comparison that a page shows.

Without Django, because large releases are compared in a process without it (`common.expensive`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from plugport.spec.diff.files import FileChange
from plugport.spec.diff.releases import Comparison
from plugport.spec.diff.texts import TextDiff, compare_texts
from registry.representations.diffs import ComparedRelease, build_comparison, get_change_counts

# A page shows the start of each list; the API returns everything.
MAX_FILES = 200
MAX_ROWS = 100
MAX_LARGE_FILES = 10
# Comparing takes quadratic time in the number of edits (CWE-407), so bytes and lines are limited.
MAX_DIFF_BYTES = 512 << 10
MAX_DIFF_LINES = 300


@dataclass(frozen=True, slots=True)
class ComparisonExtract:
    """A comparison with at most `MAX_FILES` files and `MAX_ROWS` rows of each other list.

    `counts` are the numbers of all changed files by change. `large_file_count` of them have new
    content that is too large to compare by line; `large_files` are the first `MAX_LARGE_FILES`.
    """

    comparison: Comparison
    counts: dict[str, int]
    large_files: Sequence[FileChange]
    large_file_count: int

    @property
    def omitted_files(self) -> int:
        """The number of changed files beyond `MAX_FILES`."""
        return sum(self.counts.values()) - len(self.comparison.files)


def extract_comparison(before: ComparedRelease, after: ComparedRelease) -> ComparisonExtract:
    """Compare two releases and return what a page shows."""
    comparison = build_comparison(before, after)
    large_files = [row for row in comparison.files if _is_large(row)]
    return ComparisonExtract(
        replace(
            comparison,
            manifest=comparison.manifest[:MAX_ROWS],
            dependencies=comparison.dependencies[:MAX_ROWS],
            files=comparison.files[:MAX_FILES],
        ),
        get_change_counts(comparison.files),
        large_files[:MAX_LARGE_FILES],
        len(large_files),
    )


def find_file_change(
    before: ComparedRelease, after: ComparedRelease, path: str
) -> FileChange | None:
    """Compare two releases and return the change of the file at `path`, None if it has none."""
    files = build_comparison(before, after).files
    return next((row for row in files if row.path == path), None)


def _is_large(row: FileChange) -> bool:
    """Whether it has new content that is not compared by line. A renamed file has none."""
    sides = [side for side in (row.before, row.after) if side is not None]
    # Content with the digest of the old file was reviewed before; only new digests need a warning.
    is_new = row.after is not None and len({side.sha256 for side in sides}) == len(sides)
    return is_new and any(side.size_bytes > MAX_DIFF_BYTES for side in sides)


def compare_file_texts(before: str, after: str) -> TextDiff:
    """Compare two texts by line, with at most `MAX_DIFF_LINES` lines in the result."""
    return compare_texts(before, after, max_lines=MAX_DIFF_LINES)
