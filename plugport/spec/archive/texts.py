"""Keeping the few small files of a package whose content the registry shows or parses.

A package is read once, and whether its one top-level folder is the plugin's root is known only
at the end. Until then a file counts under both of its possible paths.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from plugport.spec.archive.errors import (
    ManifestNotFileError,
    ManifestTooLargeError,
    make_path_error,
)
from plugport.spec.archive.interest import MANIFEST_NAMES, is_manifest_name, is_text_of_interest
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.archive.pathbook import PathBook


@dataclass(slots=True)
class _Shelf:
    """The texts under one possible root; `too_large` has the manifests that were not kept."""

    texts: dict[str, bytes] = field(default_factory=dict)
    too_large: dict[str, int] = field(default_factory=dict)
    manifests: int = 0
    manifest_bytes: int = 0
    other_bytes: int = 0

    def wants(self, path: str, size: int, limits: ArchiveLimits) -> bool:
        """Whether the file is kept, which it then counts for."""
        if is_manifest_name(path):
            self.manifests += 1
            together = self.manifest_bytes + size
            if size > limits.manifest_bytes or together > limits.texts_bytes:
                self.too_large[path] = size
                return False
            self.manifest_bytes = together
            return True
        if not is_text_of_interest(path) or size > limits.text_bytes:
            return False
        if self.other_bytes + size > limits.texts_bytes:
            return False
        self.other_bytes += size
        return True


class TextKeeper:
    """Told of every file in turn; knows the plugin's root and its texts at the end."""

    def __init__(self, limits: ArchiveLimits) -> None:
        self._limits = limits
        self._top: str | None = None
        self._flat = _Shelf()
        self._nested: _Shelf | None = _Shelf()
        # Where the file that was wanted last belongs, and under which path.
        self._places: list[tuple[_Shelf, str]] = []

    def wants(self, path: str, size: int) -> bool:
        """Whether the file's bytes are to be given to `keep`. Raises `ManifestTooLargeError`."""
        top, _, inner = path.partition("/")
        # A second thing at the top: none of them can be the folder to strip.
        if not inner or self._top not in (None, top):
            self._nested = None
        self._top = top
        self._places = []
        if self._flat.wants(path, size, self._limits):
            self._places.append((self._flat, path))
        # A manifest at the root settles where the root is, so this need not wait for the end.
        self._refuse_large(self._flat)
        if self._nested is not None and self._nested.wants(inner, size, self._limits):
            self._places.append((self._nested, inner))
        return bool(self._places)

    def keep(self, content: bytes) -> None:
        """Take the content of the file that was wanted last."""
        for shelf, path in self._places:
            shelf.texts[path] = content

    def settle(self, book: PathBook) -> tuple[str, dict[str, bytes]]:
        """Return the root to strip ("" for none), and the texts by their path below it.

        Raises `ManifestTooLargeError`, or `ManifestNotFileError` where a folder has the name of a
        manifest and there is none that is a file.
        """
        if self._flat.manifests:
            return "", self._flat.texts
        if self._nested is not None and self._top and self._nested.manifests:
            self._refuse_large(self._nested)
            return self._top, self._nested.texts
        # Said here, as later it would only be that there is no manifest.
        for name in MANIFEST_NAMES:
            prefixed = f"{self._top}/{name}" if self._nested is not None else name
            if book.is_folder(name) or book.is_folder(prefixed):
                fault = "is a manifest's name, but a folder has it"
                raise make_path_error(ManifestNotFileError, name, fault)
        return "", self._flat.texts

    def _refuse_large(self, shelf: _Shelf) -> None:
        for path, size in shelf.too_large.items():
            allowed = self._limits.manifest_bytes
            fault = f"has {size} bytes; {allowed} are allowed in a manifest"
            raise make_path_error(ManifestTooLargeError, path, fault, found=size, allowed=allowed)
