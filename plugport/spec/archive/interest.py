"""Which files of a package are kept as text: manifests and what a plugin's page shows."""

from __future__ import annotations

import re

from plugport.spec.manifest.subfiles import is_subfile

# What a manifest may be called, relative to the plugin's root. What each means is the business
# of `plugport.spec.manifest`; here it decides only whose bytes are kept.
MANIFEST_NAMES = (
    "plugport.yaml",
    "ar-plugin.yaml",
    "manifest.yaml",
    "package.json",
    "manifest.json",
    ".claude-plugin/plugin.json",
    "plugin.json",
    "node.onex.yaml",
)
MANIFEST_SUFFIX = ".onex.yaml"

_SHOWN = re.compile(r"(readme|changelog|licen[cs]e|copying|notice)([.-].*)?\Z", re.IGNORECASE)


def is_manifest_name(path: str) -> bool:
    """Whether a path relative to the root is one a manifest may have."""
    return path in MANIFEST_NAMES or (path.endswith(MANIFEST_SUFFIX) and "/" not in path)


def is_text_of_interest(path: str) -> bool:
    """Whether a file's bytes are kept: a manifest, or README, CHANGELOG, LICENSE, COPYING, NOTICE.

    All of them lie at the root (`LICENSES/…` of the REUSE convention counts as a licence). Besides,
    the files beside a manifest that say what hooks and servers do: permissions are read from them.
    """
    if is_manifest_name(path) or is_subfile(path):
        return True
    folder, _, name = path.rpartition("/")
    return folder.upper() == "LICENSES" or (not folder and _SHOWN.match(name) is not None)
