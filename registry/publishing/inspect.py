"""Stage 2, *inspect*: read the archive and its manifest. Nothing is stored yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plugport.spec.archive.model import Package
from plugport.spec.archive.reader import load_package
from plugport.spec.encoding import decode_marked_text
from plugport.spec.manifest.model import Manifest
from plugport.spec.manifest.parsing import ParsedManifest, parse_manifest
from plugport.spec.text import remove_nul
from registry.package_limits import get_archive_limits
from registry.publishing.receive import ReceivedPackage


@dataclass(frozen=True, slots=True)
class InspectedPackage:
    """A package whose archive and manifest are valid."""

    received: ReceivedPackage
    package: Package
    reading: ParsedManifest

    @property
    def manifest(self) -> Manifest:
        """The parsed manifest."""
        return self.reading.manifest

    @property
    def manifest_text(self) -> str:
        """The text of the manifest file as sent."""
        # Some editors write a byte order mark; it is not part of the text.
        return self.package.texts[self.reading.path].decode("utf-8-sig")


def inspect_package(received: ReceivedPackage) -> InspectedPackage:
    """Load the package and parse its manifest, within the registry's limits, in one pass.

    Raises `ArchiveError`, or `ManifestError` with all errors of the manifest.
    """
    package = load_package(received.path, limits=get_archive_limits())
    paths = [entry.path for entry in package.files]
    return InspectedPackage(received, package, parse_manifest(package.texts, paths))


def get_root_text(texts: Mapping[str, bytes], *stems: str) -> tuple[str, str]:
    """Path and text of the root file with one of the names (any case), ("", "") if there is none.

    Extensions are not compared. Earlier names take precedence, then Markdown files. A byte order
    mark names the encoding. Invalid bytes become U+FFFD.
    """
    for stem in stems:
        names = [p for p in texts if "/" not in p and p.lower().split(".")[0] == stem]
        for path in sorted(names, key=lambda p: (not p.lower().endswith((".md", ".markdown")), p)):
            return path, remove_nul(decode_marked_text(texts[path], "replace"))
    return "", ""
