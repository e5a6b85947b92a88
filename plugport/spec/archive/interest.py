"""Which files of a package are kept as text: what is parsed, and what a plugin's page shows."""

from __future__ import annotations

import re

from plugport.spec.manifest.subfiles import MANIFEST_PATTERNS, is_manifest_path, is_subfile

# What a manifest may be called, relative to the plugin's root; what each means is told there too.
MANIFEST_NAMES = tuple(name for name in MANIFEST_PATTERNS if "*" not in name)

_SHOWN = re.compile(r"(readme|changelog|licen[cs]e|copying|notice)([.-].*)?\Z", re.IGNORECASE)


def is_manifest_name(path: str) -> bool:
    """Whether a path relative to the root is one a manifest may have."""
    return is_manifest_path(path)


def is_text_of_interest(path: str) -> bool:
    """Whether a file's bytes are kept, by its path relative to the plugin's root.

    Manifests and the files beside them that say what a plugin's parts do; README, CHANGELOG,
    LICENSE, COPYING and NOTICE at the root, and `LICENSES/…` of the REUSE convention.
    """
    if is_manifest_path(path) or is_subfile(path):
        return True
    folder, _, name = path.rpartition("/")
    return folder.upper() == "LICENSES" or (not folder and _SHOWN.match(name) is not None)
