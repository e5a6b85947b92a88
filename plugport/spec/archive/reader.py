"""Reading a package: hostile input, in bounded memory and time (PKG-7).

    package = read_package(Path("slack-bridge-1.0.0.tar.gz"))
    [entry.path for entry in package.files]

What comes out has clean paths that are unique on every system, plain files only, and sizes and
digests of what was really there. Nothing of a package is run, imported or followed. Nothing is
written before all of it was read once and found good: a second pass writes.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from plugport.spec.archive.errors import NoFilesError, UnreadableArchiveError, make_path_error
from plugport.spec.archive.gunzip import open_gzip
from plugport.spec.archive.members import Member, MemberReader
from plugport.spec.archive.model import ArchiveLimits, FileEntry, Package
from plugport.spec.archive.pathbook import PathBook
from plugport.spec.archive.texts import TextKeeper
from plugport.spec.archive.tree import TreeWriter
from plugport.spec.digest import Digest

DEFAULT_LIMITS = ArchiveLimits()


def read_package(
    archive: Path, *, limits: ArchiveLimits = DEFAULT_LIMITS, tree: Path | None = None
) -> Package:
    """Read the package file `archive` to its end, within `limits`.

    With `tree`, an existing empty folder, its files are written there too (mode 0644 or 0755,
    folders 0755, empty folders left out); after an error it is empty again. Raises an
    `ArchiveError` for every fault of the package, `UnpackFailedError` for one of the disk.
    """
    with open_gzip(archive, limits) as stream:
        package = _Reading(MemberReader(stream, limits), limits).run()
    # A hostile package so never costs disk space, however far it is good.
    if tree is not None:
        _write_tree(archive, package, limits, tree)
    return package


def _write_tree(archive: Path, package: Package, limits: ArchiveLimits, tree: Path) -> None:
    """Read the package again, with all checks, and write its files."""
    with open_gzip(archive, limits) as stream, TreeWriter(tree) as writer:
        reading = _Reading(MemberReader(stream, limits), limits, writer, package.root)
        # The file may be another one by now; what was written is then not what was checked.
        if reading.run() != package:
            raise make_path_error(UnreadableArchiveError, str(archive), "changed while it was read")


class _Reading:
    """One read of one package."""

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
        self._book = PathBook(limits)
        self._keeper = TextKeeper(limits)
        self._files: list[FileEntry] = []

    def run(self) -> Package:
        for member in self._members:
            if member.is_folder:
                # It only takes its name: folders are made for the files in them.
                self._book.add_folder(member.path)
            else:
                self._book.add_file(member.path)
                self._files.append(self._read_file(member))
        if not self._files:
            raise NoFilesError(
                "The package holds no file",
                hint="Make it with `plugport pack` in the plugin's folder.",
            )
        return self._finish()

    def _read_file(self, member: Member) -> FileEntry:
        text = bytearray() if self._keeper.wants(member.path, member.size_bytes) else None
        if self._writer is None:
            digest = self._copy_body(None, text)
        else:
            path = member.path.removeprefix(f"{self._root}/")
            with self._writer.open_file(path, executable=member.executable) as out:
                digest = self._copy_body(out, text)
        if text is not None:
            self._keeper.keep(bytes(text))
        return FileEntry(member.path, member.size_bytes, digest, member.executable)

    def _copy_body(self, out: BinaryIO | None, text: bytearray | None) -> Digest:
        # The size needs no check: the body has as many bytes as the header says, or is cut short.
        digest = hashlib.sha256()
        for chunk in self._members.read_body():
            digest.update(chunk)
            if out is not None:
                out.write(chunk)
            if text is not None:
                text += chunk
        return Digest.from_bytes("sha256", digest.digest())

    def _finish(self) -> Package:
        root, texts = self._keeper.settle(self._book)
        if root:
            skip = len(root) + 1
            self._files = [
                FileEntry(entry.path[skip:], entry.size_bytes, entry.sha256, entry.executable)
                for entry in self._files
            ]
        unpacked = sum(entry.size_bytes for entry in self._files)
        return Package(tuple(self._files), unpacked, root, texts)
