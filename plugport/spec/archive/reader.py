"""Read packages as hostile input, in bounded memory and time (PKG-7).

    package = load_package(Path("slack-bridge-1.0.0.tar.gz"))
    [entry.path for entry in package.files]

The result has portable unique paths, regular files only, and the sizes and digests of the actual
content. Reading never executes, imports or follows anything in the package. The first pass
validates the whole package and writes nothing; a second pass writes the files.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from plugport.spec.archive.errors import NoFilesError, UnreadableArchiveError, build_path_error
from plugport.spec.archive.gunzip import open_gzip
from plugport.spec.archive.members import Member, MemberReader
from plugport.spec.archive.model import ArchiveLimits, FileEntry, Package
from plugport.spec.archive.path_index import PathIndex
from plugport.spec.archive.text_collector import TextCollector
from plugport.spec.archive.tree_writer import TreeWriter
from plugport.spec.digest import Digest

DEFAULT_LIMITS = ArchiveLimits()


def load_package(
    archive: Path, *, limits: ArchiveLimits = DEFAULT_LIMITS, tree: Path | None = None
) -> Package:
    """Read and validate the package file `archive` within `limits`.

    If `tree` is given, an existing empty folder, also write the files there (mode 0644 or 0755,
    folders 0755, without empty folders). After an error, the folder is empty again. Raises
    `ArchiveError` for an invalid package, `UnpackFailedError` for a disk error.
    """
    with open_gzip(archive, limits) as stream:
        package = _PackageReader(MemberReader(stream, limits), limits).run()
    # Write only after validation, so that a hostile package never uses disk space.
    if tree is not None:
        _write_tree(archive, package, limits, tree)
    return package


def _write_tree(archive: Path, package: Package, limits: ArchiveLimits, tree: Path) -> None:
    """Read and validate the package again, and write its files."""
    with open_gzip(archive, limits) as stream, TreeWriter(tree) as writer:
        reading = _PackageReader(MemberReader(stream, limits), limits, writer, package.root)
        # The file can be replaced between the two passes (CWE-367). Then the files that were written
        # are not those that were validated.
        if reading.run() != package:
            raise build_path_error(
                UnreadableArchiveError, str(archive), "changed while it was being read"
            )


class _PackageReader:
    """One pass over a package."""

    def __init__(
        self,
        members: MemberReader,
        limits: ArchiveLimits,
        writer: TreeWriter | None = None,
        root: str = "",
    ) -> None:
        self._members = members
        self._writer = writer
        self._root = root
        self._path_index = PathIndex(limits)
        self._text_collector = TextCollector(limits)
        self._files: list[FileEntry] = []

    def run(self) -> Package:
        for member in self._members:
            if member.is_folder:
                # Folders only occupy their path. They are created for the files in them.
                self._path_index.add_folder(member.path)
            else:
                self._path_index.add_file(member.path)
                self._files.append(self._read_file(member))
        if not self._files:
            raise NoFilesError(
                "The package contains no files",
                hint="Create it with `plugport pack` in the folder of the plugin.",
            )
        return self._build_package()

    def _read_file(self, member: Member) -> FileEntry:
        text = (
            bytearray() if self._text_collector.add_file(member.path, member.size_bytes) else None
        )
        if self._writer is None:
            digest = self._copy_body(None, text)
        else:
            path = member.path.removeprefix(f"{self._root}/")
            with self._writer.open_file(path, executable=member.executable) as out:
                digest = self._copy_body(out, text)
        if text is not None:
            self._text_collector.add_content(bytes(text))
        return FileEntry(member.path, member.size_bytes, digest, member.executable)

    def _copy_body(self, out: BinaryIO | None, text: bytearray | None) -> Digest:
        # No size check needed: `read_body` yields the bytes that the header declares, or raises.
        digest = hashlib.sha256()
        for chunk in self._members.read_body():
            digest.update(chunk)
            if out is not None:
                out.write(chunk)
            if text is not None:
                text += chunk
        return Digest.from_bytes("sha256", digest.digest())

    def _build_package(self) -> Package:
        root, texts = self._text_collector.get_root_and_texts(self._path_index)
        if root:
            skip = len(root) + 1
            self._files = [
                FileEntry(entry.path[skip:], entry.size_bytes, entry.sha256, entry.executable)
                for entry in self._files
            ]
        unpacked = sum(entry.size_bytes for entry in self._files)
        return Package(tuple(self._files), unpacked, root, texts)
