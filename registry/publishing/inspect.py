"""Stage 2, *inspect*: is it a package, and what does its manifest say? Nothing is stored yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plugport.spec.archive.model import Package
from plugport.spec.archive.reader import read_package
from plugport.spec.manifest.model import Manifest
from plugport.spec.manifest.reading import ManifestReading, read_manifest
from registry.publishing.limits import get_archive_limits
from registry.publishing.receive import ReceivedPackage


@dataclass(frozen=True, slots=True)
class InspectedPackage:
    """A package whose archive and manifest are sound."""

    received: ReceivedPackage
    package: Package
    reading: ManifestReading

    @property
    def manifest(self) -> Manifest:
        """What the author declares."""
        return self.reading.manifest

    @property
    def manifest_text(self) -> str:
        """The manifest file as sent."""
        return self.package.texts[self.reading.path].decode("utf-8-sig")


def inspect_package(received: ReceivedPackage) -> InspectedPackage:
    """Read the archive and the manifest, within the registry's limits, in one pass.

    Raises `ArchiveError` or `ManifestError` with every fault.
    """
    package = read_package(received.path, limits=get_archive_limits())
    paths = [entry.path for entry in package.files]
    return InspectedPackage(received, package, read_manifest(package.texts, paths))


def find_text(texts: Mapping[str, bytes], stem: str) -> tuple[str, str]:
    """Path and text of the root file whose name starts with `stem` (any case), ("", "") if none.

    A Markdown file wins over others; bytes that are not UTF-8 are shown as replacement signs.
    """
    names = [p for p in texts if "/" not in p and p.lower().split(".")[0] == stem]
    for path in sorted(names, key=lambda p: (not p.lower().endswith((".md", ".markdown")), p)):
        return path, texts[path].decode("utf-8-sig", errors="replace").replace("\x00", "")
    return "", ""
