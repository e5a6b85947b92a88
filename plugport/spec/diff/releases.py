"""Compare two releases by their manifests and file lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from plugport.spec.diff.capabilities import CapabilityChange, compare_capabilities
from plugport.spec.diff.dependencies import DependencyChange, compare_dependencies
from plugport.spec.diff.files import FileChange, ListedFile, compare_files
from plugport.spec.diff.permissions import (
    PermissionChange,
    compare_permissions,
    parse_permissions,
)
from plugport.spec.diff.values import FieldChange, compare_values

# Compared separately, or always different.
_SEPARATE_FIELDS = frozenset({"version", "permissions", "dependencies"})


class ReleaseFacts(Struct, frozen=True):
    """The compared data of a release: its normalized manifest and its file list."""

    manifest: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[Mapping[str, Any]] = ()


class Comparison(Struct, frozen=True):
    """The differences, sorted. Equal values are left out."""

    permissions: PermissionChange
    capabilities: CapabilityChange
    manifest: Sequence[FieldChange]
    dependencies: Sequence[DependencyChange]
    files: Sequence[FileChange]


def compare_releases(before: ReleaseFacts, after: ReleaseFacts) -> Comparison:
    """Compare two releases. `before` is usually the older one."""
    old, new = before.manifest, after.manifest
    return Comparison(
        permissions=compare_permissions(
            parse_permissions(old.get("permissions")), parse_permissions(new.get("permissions"))
        ),
        capabilities=compare_capabilities(old, new),
        manifest=compare_values(old, new, leave_out=_SEPARATE_FIELDS),
        dependencies=compare_dependencies(old.get("dependencies", {}), new.get("dependencies", {})),
        files=compare_files(
            map(ListedFile.from_dict, before.files), map(ListedFile.from_dict, after.files)
        ),
    )
