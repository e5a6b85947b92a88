"""What a package holds, as far as the registry has to know, and the limits it is read under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plugport.spec.digest import Digest

KIB = 1 << 10
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Bounds on a package. All are ceilings that are still allowed.

    The defaults are what a registry enforces; `docs/limits.md` lists them for authors.
    `entries` and `paths_bytes` (all paths together) count files and every folder above them.
    `ratio` (content to archive) holds for content above `ratio_from_bytes`. `header_bytes` is one
    extended tar header, `headers_bytes` all of them. Of texts that are no manifests, those that
    pass `text_bytes`, or `texts_bytes` together, are not kept; manifests that do are refused.
    """

    archive_bytes: int = 256 * MIB
    unpacked_bytes: int = 512 * MIB
    file_bytes: int = 256 * MIB
    entries: int = 20_000
    path_bytes: int = 512
    component_bytes: int = 200
    depth: int = 32
    ratio: int = 200
    ratio_from_bytes: int = 16 * MIB
    manifest_bytes: int = 256 * KIB
    text_bytes: int = 1 * MIB
    header_bytes: int = 64 * KIB
    headers_bytes: int = 16 * MIB
    paths_bytes: int = 2 * MIB
    texts_bytes: int = 4 * MIB


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One regular file of a package. `path` is relative to the plugin's root, with `/`."""

    path: str
    size_bytes: int
    sha256: Digest
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was read to its end within its limits.

    `root` is the top-level folder that was stripped ("" if the manifest lies at the root).
    `texts` holds the content of the few small files that the registry shows or parses
    (manifests, README, changelog, licences), by path, each at most `ArchiveLimits.text_bytes`.
    """

    files: tuple[FileEntry, ...]
    unpacked_bytes: int
    root: str
    texts: Mapping[str, bytes]

    def find_file(self, path: str) -> FileEntry | None:
        """Return the file at `path`, or None."""
        return next((entry for entry in self.files if entry.path == path), None)


@dataclass(frozen=True, slots=True)
class PackReport:
    """What was packed, and the package it became: `size_bytes` and the digests are of the archive."""

    files: tuple[FileEntry, ...]
    unpacked_bytes: int
    size_bytes: int
    sha256: Digest
    sha512: Digest
