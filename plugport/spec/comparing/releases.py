"""All that changed between two releases, from what a registry records of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plugport.spec.comparing.capabilities import CapabilityChange, compare_capabilities
from plugport.spec.comparing.dependencies import DependencyChange, compare_dependencies
from plugport.spec.comparing.files import FileChange, ListedFile, compare_files
from plugport.spec.comparing.permissions import (
    PermissionChange,
    compare_permissions,
    parse_permissions,
)
from plugport.spec.comparing.values import FieldChange, compare_values

# These have a comparison of their own, or differ always.
_APART = frozenset({"version", "permissions", "dependencies"})


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """A release as far as it is compared: its normalised manifest and its list of files."""

    manifest: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed. Rows are sorted, and only what differs is there."""

    permissions: PermissionChange
    capabilities: CapabilityChange
    manifest: Sequence[FieldChange]
    dependencies: Sequence[DependencyChange]
    files: Sequence[FileChange]


def compare_releases(before: ReleaseFacts, after: ReleaseFacts) -> Comparison:
    """Compare an older release with a newer one, or any two."""
    ours, theirs = before.manifest, after.manifest
    return Comparison(
        permissions=compare_permissions(
            parse_permissions(ours.get("permissions")), parse_permissions(theirs.get("permissions"))
        ),
        capabilities=compare_capabilities(ours, theirs),
        manifest=compare_values(ours, theirs, leave_out=_APART),
        dependencies=compare_dependencies(
            ours.get("dependencies", {}), theirs.get("dependencies", {})
        ),
        files=compare_files(
            map(ListedFile.from_dict, before.files), map(ListedFile.from_dict, after.files)
        ),
    )
