"""Which file of a package is its manifest, and which other files describe the plugin's components.

The first pattern that matches any file decides; if several files match it, the first by name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType

from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS

# (path or pattern, name of the manifest format), in order of precedence
MANIFEST_PATTERNS: tuple[tuple[str, str], ...] = tuple(
    (pattern, manifest_format.name)
    for manifest_format in MANIFEST_FORMATS.values()
    for pattern in (manifest_format.path, *manifest_format.other_paths)
)
# By component field (`hooks`, `mcpServers`): the files that assistants read without being told.
# All of them count for every toolset, because a package may be loaded by any assistant.
COMPONENT_FILES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        name: tuple(
            path
            for manifest_format in MANIFEST_FORMATS.values()
            for path in manifest_format.component_files.get(name, ())
        )
        for manifest_format in MANIFEST_FORMATS.values()
        for name in manifest_format.component_files
    }
)
COMPONENT_MANIFESTS = tuple(
    manifest_format.path
    for manifest_format in MANIFEST_FORMATS.values()
    if manifest_format.is_component_manifest
)
ROOT_VARIABLES = tuple(
    name for manifest_format in MANIFEST_FORMATS.values() for name in manifest_format.root_variables
)
HOST_VARIABLES = frozenset(ROOT_VARIABLES).union(
    *(manifest_format.host_variables for manifest_format in MANIFEST_FORMATS.values())
)
_COMPONENT_PATHS = frozenset(path for paths in COMPONENT_FILES.values() for path in paths)


def find_manifest_format(path: str) -> str | None:
    """Return the name of the format of a manifest at this path, or None if it is no manifest."""
    names = (name for pattern, name in MANIFEST_PATTERNS if _matches_pattern(path, pattern))
    return next(names, None)


def find_manifest(paths: Collection[str]) -> tuple[str, str] | None:
    """Return the path of a package's manifest and the name of its format, or None."""
    for pattern, name in MANIFEST_PATTERNS:
        matches = sorted(path for path in paths if _matches_pattern(path, pattern))
        if matches:
            return matches[0], name
    return None


def list_manifests(paths: Collection[str]) -> list[tuple[str, str]]:
    """Return the paths of all manifests of a package and the names of their formats, in order.

    Upper and lower case do not differ: on the file systems of most desktops a host that opens
    `plugin.json` gets `Plugin.json`.
    """
    found: dict[str, str] = {}
    for pattern, name in MANIFEST_PATTERNS:
        for path in sorted(paths):
            if _matches_pattern(path.casefold(), pattern):
                found.setdefault(path, name)
    return list(found.items())


def is_manifest_path(path: str) -> bool:
    """Return whether a file at this path, relative to the plugin's root, can be the manifest."""
    return find_manifest_format(path) is not None


def is_component_file(path: str) -> bool:
    """Return whether a file describes components of a plugin, such as hooks and servers.

    These are the files of `COMPONENT_FILES` and every JSON file in `hooks/`, because a manifest may
    name any of them.
    """
    # Most desktops have file systems that ignore case, so assistants there find `Hooks/` too.
    folded = path.casefold()
    return folded in _COMPONENT_PATHS or (folded.startswith("hooks/") and folded.endswith(".json"))


def _matches_pattern(path: str, pattern: str) -> bool:
    if "*" not in pattern:
        return path == pattern
    # `*` of fnmatch also matches `/`, but a manifest must be at the root.
    return "/" not in path and fnmatchcase(path, pattern)
