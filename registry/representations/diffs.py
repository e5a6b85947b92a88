"""The difference between two releases, and its JSON.

Without Django, because large releases are compared in a process without it (`common.expensive`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from msgspec.structs import replace

from plugport.spec.api import releases as api
from plugport.spec.diff.files import FileChange, ListedFile
from plugport.spec.diff.releases import Comparison, ReleaseFacts, compare_releases
from plugport.spec.diff.values import Change
from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import build_permissions_value


@dataclass(frozen=True, slots=True)
class ComparedRelease:
    """One side of a comparison. `manifest` and `files` are the JSON of its contents.

    `is_hidden`: the readers may not see its manifest and its files.
    """

    version: str
    state: str
    is_hidden: bool
    manifest: str
    files: str


def build_comparison(before: ComparedRelease | None, after: ComparedRelease) -> Comparison:
    """Compare two releases, or a release with nothing.

    Of a hidden release, the comparison lists the fields of the manifest that differ, without its
    values on that side, and no file.
    """
    comparison = compare_releases(
        _build_facts(before) if before else ReleaseFacts(), _build_facts(after)
    )
    rows, files = comparison.manifest, comparison.files
    if before is not None and before.is_hidden:
        rows, files = [replace(row, before=None) for row in rows], []
    if after.is_hidden:
        rows, files = [replace(row, after=None) for row in rows], []
    return replace(comparison, manifest=rows, files=files)


def _build_facts(release: ComparedRelease) -> ReleaseFacts:
    return ReleaseFacts(json.loads(release.manifest), json.loads(release.files))


def build_diff_document(
    name: str, before: ComparedRelease | None, after: ComparedRelease
) -> api.Diff:
    """Return what changed from `before` to `after`; from nothing if `before` is None."""
    comparison = build_comparison(before, after)
    permissions, capabilities = comparison.permissions, comparison.capabilities
    return {
        "name": name,
        "from": before.version if before else None,
        "fromState": before.state if before else None,
        "to": after.version,
        "toState": after.state,
        "permissions": {
            "gained": _build_permissions(permissions.gained),
            "lost": _build_permissions(permissions.lost),
        },
        "capabilities": {
            "gained": _build_lists(capabilities.gained),
            "lost": _build_lists(capabilities.lost),
        },
        "manifest": [
            {"field": row.field, "change": row.change, "before": row.before, "after": row.after}
            for row in comparison.manifest
        ],
        "dependencies": [
            {
                "group": row.group,
                "name": row.name,
                "change": row.change,
                "before": row.before,
                "after": row.after,
            }
            for row in comparison.dependencies
        ],
        "files": [_build_file_change(row) for row in comparison.files],
        "counts": get_change_counts(comparison.files),
    }


def _build_permissions(permissions: Permissions) -> api.Permissions:
    return cast("api.Permissions", build_permissions_value(permissions) or {})


def _build_lists(values: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: list(entries) for name, entries in values.items()}


def get_change_counts(files: Sequence[FileChange]) -> dict[str, int]:
    """Return how many files were added, removed, changed and renamed."""
    return {kind.value: sum(1 for row in files if row.change is kind) for kind in Change}


def _build_file_change(row: FileChange) -> api.FileChange:
    is_renamed = row.change is Change.RENAMED
    return {
        "path": row.path,
        "change": row.change,
        # Only for renames: in other changes both sides have `path`.
        "from": row.before.path if is_renamed and row.before else None,
        "before": _build_file_side(row.before),
        "after": _build_file_side(row.after),
    }


def _build_file_side(file: ListedFile | None) -> api.FileSide | None:
    if file is None:
        return None
    return {"size": file.size_bytes, "sha256": file.sha256, "executable": file.executable}
