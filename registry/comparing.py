"""Comparing releases of a plugin (REL-8): which one with, and the public JSON of what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from plugport.spec.comparing.files import FileChange, ListedFile
from plugport.spec.comparing.releases import Comparison, ReleaseFacts, compare_releases
from plugport.spec.comparing.values import Change
from plugport.spec.manifest.permissions import write_permissions
from registry.models import Release
from registry.publishing.states import ReleaseState

_HEAVY = tuple(
    f"contents__{name}"
    for name in ("readme", "changelog", "changelog_entry", "manifest_text", "licences", "warnings")
)


def find_baseline(release: Release, *, with_files: bool = True) -> Release | None:
    """The release that this one is compared with unless another is named: 1 query.

    The highest published one below it; for a stable release a stable one goes first, so that
    what a prerelease brought along is still called out to those who come from the last stable
    one. Blocked releases are no baseline: nobody is to have them. `with_files` loads the list of
    files too.
    """
    order = ("-sort_key",) if release.is_prerelease else ("is_prerelease", "-sort_key")
    heavy = _HEAVY if with_files else (*_HEAVY, "contents__files")
    below = Release.objects.filter(
        plugin_id=release.plugin_id,
        state=ReleaseState.PUBLISHED,
        sort_key__lt=bytes(release.sort_key),
    )
    return below.select_related("contents").defer(*heavy).order_by(*order).first()


def compare(before: Release | None, after: Release) -> Comparison:
    """What changed from `before` (from nothing, if None) to `after`. No query.

    Which fields of a blocked release's manifest differ is told, what they say is not: its values
    are None.
    """
    found = compare_releases(_get_facts(before) if before else ReleaseFacts(), _get_facts(after))
    rows = found.manifest
    if before is not None and not before.is_served:
        rows = [replace(row, before=None) for row in rows]
    if not after.is_served:
        rows = [replace(row, after=None) for row in rows]
    return replace(found, manifest=rows)


def _get_facts(release: Release) -> ReleaseFacts:
    return ReleaseFacts(release.contents.manifest, release.contents.files)


def build_diff_document(before: Release | None, after: Release) -> dict[str, Any]:
    """What changed, as the API shows it."""
    found = compare(before, after)
    return {
        "name": after.plugin.name,
        "from": before.version if before else None,
        "fromState": before.state if before else None,
        "to": after.version,
        "toState": after.state,
        "permissions": {
            "gained": write_permissions(found.permissions.gained) or {},
            "lost": write_permissions(found.permissions.lost) or {},
        },
        "capabilities": asdict(found.capabilities),
        "manifest": [asdict(row) for row in found.manifest],
        "dependencies": [asdict(row) for row in found.dependencies],
        "files": [_build_file(row) for row in found.files],
        "counts": count_changes(found.files),
    }


def count_changes(files: Sequence[FileChange]) -> dict[str, int]:
    """How many files were added, removed, changed and renamed."""
    return {kind.value: sum(1 for row in files if row.change is kind) for kind in Change}


def _build_file(row: FileChange) -> dict[str, Any]:
    is_moved = row.change is Change.RENAMED and row.before is not None
    return {
        "path": row.path,
        "change": row.change,
        "from": row.before.path if is_moved and row.before else None,
        "before": _build_side(row.before),
        "after": _build_side(row.after),
    }


def _build_side(file: ListedFile | None) -> dict[str, Any] | None:
    if file is None:
        return None
    return {"size": file.size_bytes, "sha256": file.sha256, "executable": file.executable}
