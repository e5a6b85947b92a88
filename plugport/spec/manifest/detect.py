"""Which file of a package is its manifest.

The first row that fits decides. Formats made for plugins come before general ones, so that a
`package.json` beside them does not count; of several files that fit one row, the first by name.
"""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase

DETECTION: tuple[tuple[str, str], ...] = (
    ("plugport.yaml", "plugport"),
    ("ar-plugin.yaml", "agent-relay"),
    (".claude-plugin/plugin.json", "claude"),
    ("plugin.json", "agent-plugins"),
    ("manifest.yaml", "cortex"),
    ("node.onex.yaml", "omnibase"),
    ("*.onex.yaml", "omnibase"),
    ("package.json", "donkeylabs"),
    ("manifest.json", "donkeylabs"),
)


def find_dialect(path: str) -> str | None:
    """Find the dialect of a manifest by its path relative to the plugin's root."""
    fits = (name for pattern, name in DETECTION if _fits(path, pattern))
    return next(fits, None)


def find_manifest(paths: Collection[str]) -> tuple[str, str] | None:
    """Find the manifest among the files of a package: its path and the name of its dialect."""
    for pattern, dialect in DETECTION:
        found = sorted(path for path in paths if _fits(path, pattern))
        if found:
            return found[0], dialect
    return None


def _fits(path: str, pattern: str) -> bool:
    if "*" not in pattern:
        return path == pattern
    return "/" not in path and fnmatchcase(path, pattern)
