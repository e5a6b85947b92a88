"""Collect the content of small files that the registry parses or shows.

A package is read in one pass, and only at the end is it known whether its single top-level folder is
the root of the plugin. Until then, each file is collected under both of its possible paths.
"""

from __future__ import annotations

from msgspec import Struct, field

from plugport.spec.archive.errors import (
    ManifestNotFileError,
    ManifestTooLargeError,
    build_path_error,
)
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.archive.path_index import PathIndex
from plugport.spec.archive.retained_texts import (
    MANIFEST_NAMES,
    is_manifest_name,
    is_retained_text,
)


class _RootTexts(Struct):
    """The texts under one possible root. `too_large` has the sizes of refused manifests."""

    texts: dict[str, bytes] = field(default_factory=dict)
    too_large: dict[str, int] = field(default_factory=dict)
    manifests: int = 0
    manifest_bytes: int = 0
    other_bytes: int = 0

    def add_file(self, path: str, size: int, limits: ArchiveLimits) -> bool:
        """Whether to collect the file. If so, its size counts against the limits."""
        if is_manifest_name(path):
            self.manifests += 1
            together = self.manifest_bytes + size
            if size > limits.manifest_bytes or together > limits.texts_bytes:
                self.too_large[path] = size
                return False
            self.manifest_bytes = together
            return True
        if not is_retained_text(path) or size > limits.text_bytes:
            return False
        if self.other_bytes + size > limits.texts_bytes:
            return False
        self.other_bytes += size
        return True


class TextCollector:
    """Receives every file of a package. At the end, returns the root and the texts below it."""

    def __init__(self, limits: ArchiveLimits) -> None:
        self._limits = limits
        self._top: str | None = None
        self._flat = _RootTexts()
        self._nested: _RootTexts | None = _RootTexts()
        # The roots and paths under which the content of the current file is stored.
        self._destinations: list[tuple[_RootTexts, str]] = []

    def add_file(self, path: str, size: int) -> bool:
        """Whether the caller must pass the content to `add_content`.

        Raises `ManifestTooLargeError`.
        """
        top, _, inner = path.partition("/")
        # With a second top-level entry, there is no common folder to remove.
        if not inner or self._top not in (None, top):
            self._nested = None
        self._top = top
        self._destinations = []
        if self._flat.add_file(path, size, self._limits):
            self._destinations.append((self._flat, path))
        # A manifest at the root determines the root, so the error can be raised early.
        self._check_manifest_sizes(self._flat)
        if self._nested is not None and self._nested.add_file(inner, size, self._limits):
            self._destinations.append((self._nested, inner))
        return bool(self._destinations)

    def add_content(self, content: bytes) -> None:
        """Store the content of the file that `add_file` returned True for."""
        for root_texts, path in self._destinations:
            root_texts.texts[path] = content

    def get_root_and_texts(self, path_index: PathIndex) -> tuple[str, dict[str, bytes]]:
        """Return the root to remove ("" for none), and the texts by their path below it.

        Raises `ManifestTooLargeError`, or `ManifestNotFileError` if there is no manifest file but a
        folder with the name of one.
        """
        if self._flat.manifests:
            return "", self._flat.texts
        if self._nested is not None and self._top and self._nested.manifests:
            self._check_manifest_sizes(self._nested)
            return self._top, self._nested.texts
        # Later steps could only report that there is no manifest.
        for name in MANIFEST_NAMES:
            prefixed = f"{self._top}/{name}" if self._nested is not None else name
            if path_index.is_folder(name) or path_index.is_folder(prefixed):
                problem = "is the name of a manifest, but it is a folder"
                raise build_path_error(ManifestNotFileError, name, problem)
        return "", self._flat.texts

    def _check_manifest_sizes(self, root_texts: _RootTexts) -> None:
        for path, size in root_texts.too_large.items():
            allowed = self._limits.manifest_bytes
            problem = f"has {size} bytes; the limit for a manifest is {allowed}"
            raise build_path_error(
                ManifestTooLargeError, path, problem, found=size, allowed=allowed
            )
