"""The content of a package as the registry stores it, and the limits of packages."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from plugport.spec.digest import Digest

KIB = 1 << 10
MIB = 1 << 20


class ArchiveLimits(Struct, frozen=True):
    """Limits of a package, inclusive.

    The defaults are those of a registry; `docs/limits.md` lists them for authors. `entries` and
    `paths_bytes` (all paths together) count files and all their parent folders. `ratio` (content
    to archive) applies to content above `ratio_from_bytes`. `header_bytes` is the limit of one
    extended tar header, `headers_bytes` of all of them. Text files above `text_bytes`, or above
    `texts_bytes` together, are not stored; manifests above `manifest_bytes` are refused.
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


class FileEntry(Struct, frozen=True):
    """A regular file of a package. `path` is relative to the root of the plugin and uses `/`."""

    path: str
    size_bytes: int
    sha256: Digest
    executable: bool = False


class Package(Struct, frozen=True):
    """A package that was read completely, within its limits.

    `root` is the top-level folder that was removed from all paths, or "" if the manifest is at the
    root. `texts` has the content of small files that the registry parses or shows (manifests,
    README, changelog, licenses) by path, each at most `ArchiveLimits.text_bytes`.
    """

    files: tuple[FileEntry, ...]
    unpacked_bytes: int
    root: str
    texts: Mapping[str, bytes]

    def find_file(self, path: str) -> FileEntry | None:
        """The file at `path`, or None."""
        return next((entry for entry in self.files if entry.path == path), None)


class PackReport(Struct, frozen=True):
    """The packed files, and the package: `size_bytes` and the digests are those of the archive."""

    files: tuple[FileEntry, ...]
    unpacked_bytes: int
    size_bytes: int
    sha256: Digest
    sha512: Digest
