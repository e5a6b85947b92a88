"""Select the files of a package whose text is stored: parsed files, and files shown on pages."""

from __future__ import annotations

import re

from plugport.spec.changelog import is_changelog_path
from plugport.spec.manifest.detection import (
    MANIFEST_PATTERNS,
    is_component_file,
    is_manifest_path,
)

# File names of manifests, relative to the root of the plugin. Formats with a pattern are left out.
MANIFEST_NAMES = tuple(name for name, _ in MANIFEST_PATTERNS if "*" not in name)

_DISPLAYED_FILES = re.compile(r"(readme|licen[cs]e|copying|notice)([.-].*)?\Z", re.IGNORECASE)


def is_manifest_name(path: str) -> bool:
    """Whether a path, relative to the root of the plugin, is the path of a manifest."""
    return is_manifest_path(path)


def is_retained_text(path: str) -> bool:
    """Whether the content of a file is stored, by its path relative to the root of the plugin.

    These are manifests and files that manifests refer to; README, changelog, LICENSE, COPYING and
    NOTICE at the root; and `LICENSES/…` (REUSE specification).
    """
    # Hosts on file systems that ignore case find `Plugin.json` too, so it is compared.
    if is_manifest_path(path.casefold()) or is_component_file(path):
        return True
    return path.rpartition("/")[0].upper() == "LICENSES" or is_displayed_text(path)


def is_displayed_text(path: str) -> bool:
    """Whether it is a README, changelog, license or notice at the root, by its path."""
    return "/" not in path and (is_changelog_path(path) or _DISPLAYED_FILES.match(path) is not None)
