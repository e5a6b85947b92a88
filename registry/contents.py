"""Reading one file of a release out of its stored package.

    text = read_release_file(release, "src/main.py", max_bytes=512 << 10)
    part = read_release_part(release, "dist/bundle.js", start=0, stop=40_000)

The package is streamed from the store and unpacked only as far as the file: nothing is written,
and no more is held than what is asked for and a chunk. What comes out is of a file with the
SHA-256 that the release lists for that path, or nothing comes out.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from django.core.cache import caches

from plugport.spec.archive.errors import ArchiveError
from plugport.spec.archive.gunzip import GunzipStream
from plugport.spec.archive.members import MemberReader
from plugport.spec.sizes import show_size
from plugport.spec.text import show
from registry.errors import (
    FileTooDeepError,
    FileTooLargeToReadError,
    StorageError,
    UnknownFileError,
)
from registry.models import Artifact, Release
from registry.policies import check_served
from registry.publishing.limits import get_archive_limits
from registry.queries import get_artifact
from registry.storage import get_store
from registry.storage.keys import make_package_key

CACHED_BYTES = 512 << 10
# What may lie before the file in its package, and how far into it a part is looked for with what
# follows it: unpacking this much takes about half a second.
MAX_SKIPPED_BYTES = 128 << 20
MAX_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class FilePart:
    """Some bytes of a file, and how many line feeds stand before them."""

    content: bytes
    lines_before: int


def read_release_file(release: Release, path: str, *, max_bytes: int) -> bytes:
    """The content of the file at `path`, which has at most `max_bytes`.

    No query where the release was read with its contents and artifacts, as the queries of
    `registry.queries` do. Raises `ReleaseBlockedError` for a release that is not served,
    `UnknownFileError`, `FileTooLargeToReadError`, `FileTooDeepError` for one behind too much
    else, and `StorageError` where the store does not answer in time or has other bytes.
    """
    check_served(release)
    entry = find_file(release, path)
    if entry["size"] > max_bytes:
        raise FileTooLargeToReadError(
            f"{show(path)} has {show_size(entry['size'])}; at most {show_size(max_bytes)} are read"
            " here.",
            hint="Download the package to get it.",
            context={"found": entry["size"], "allowed": max_bytes},
        )
    return _get_part(release, entry, 0, entry["size"]).content


def read_release_part(release: Release, path: str, *, start: int, stop: int) -> FilePart:
    """The bytes from `start` up to but not including `stop` of a file of whatever size.

    The whole file is unpacked, since its digest is that of all of it, but only the part is held.
    No query, and raises what `read_release_file` does: `FileTooDeepError` also for a file that is
    too large to be unpacked for one reader.
    """
    check_served(release)
    entry = find_file(release, path)
    _check_way(entry["size"], path)
    return _get_part(release, entry, start, stop)


def _get_part(release: Release, entry: Mapping[str, Any], start: int, stop: int) -> FilePart:
    artifact = get_artifact(release)
    shelf, key = caches["files"], f"{artifact.sha256}:{entry['sha256']}:{start}-{stop}"
    kept = shelf.get(key)
    if kept is not None:
        return cast("FilePart", kept)
    part = _extract(release, artifact, entry, slice(start, stop))
    if len(part.content) <= CACHED_BYTES:
        shelf.set(key, part)
    return part


def find_file(release: Release, path: str) -> Mapping[str, Any]:
    """The release's entry of that path: `path`, `size`, `sha256`. Raises `UnknownFileError`."""
    for entry in release.contents.files:
        if entry["path"] == path:
            return cast("Mapping[str, Any]", entry)
    raise UnknownFileError(
        f"`{release}` has no file {show(path)}.", hint="Its page lists the files there are."
    )


def _extract(
    release: Release, artifact: Artifact, entry: Mapping[str, Any], wanted: slice
) -> FilePart:
    """Unpack up to the file and return what is wanted of it. Raises as `read_release_file` does."""
    deadline = time.monotonic() + MAX_SECONDS
    try:
        chunks = get_store().open_range(make_package_key(artifact.digest), 0, artifact.size_bytes)
    except FileNotFoundError:
        raise StorageError(f"The package of `{release}` is not in the store.") from None
    with _ChunkFile(chunks, deadline) as raw:
        limits = get_archive_limits()
        stream = GunzipStream(cast("BinaryIO", raw), artifact.size_bytes, limits)
        members = MemberReader(stream, limits)
        try:
            part = _find_member(members, entry, wanted, deadline)
        except ArchiveError as error:
            raise StorageError(f"The stored package of `{release}` is damaged.") from error
    if part is None:
        raise StorageError(f"The stored package of `{release}` lacks {show(entry['path'])}.")
    return part


def _find_member(
    members: MemberReader, entry: Mapping[str, Any], wanted: slice, deadline: float
) -> FilePart | None:
    """Of the first member that may be the file and has its digest; None where there is none."""
    skipped = 0
    for member in members:
        # The package may have a folder around everything, which the release's paths leave out.
        paths = (member.path, member.path.partition("/")[2])
        if member.is_folder or member.size_bytes != entry["size"] or entry["path"] not in paths:
            skipped += member.size_bytes
            _check_way(skipped, entry["path"])
            _check_time(deadline)
            continue
        digest = hashlib.sha256()
        part = _take_part(members.read_body(), wanted, digest)
        if digest.hexdigest() == entry["sha256"]:
            return part
    return None


def _take_part(chunks: Iterable[bytes], wanted: slice, digest: hashlib._Hash) -> FilePart:
    """Read to the end, into the digest; keep what is wanted and count the lines before it."""
    kept, lines, place = [], 0, 0
    for chunk in chunks:
        digest.update(chunk)
        first, last = max(0, wanted.start - place), max(0, wanted.stop - place)
        lines += chunk.count(b"\n", 0, first)
        kept.append(chunk[first:last])
        place += len(chunk)
    return FilePart(b"".join(kept), lines)


def _check_way(size: int, path: str) -> None:
    if size > MAX_SKIPPED_BYTES:
        raise FileTooDeepError(
            f"To read {show(path)}, more than {show_size(MAX_SKIPPED_BYTES)} of the package would"
            " have to be unpacked.",
            hint="Download the package to get it.",
        )


def _check_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise StorageError("The package storage took too long.", hint="Try again later.")


class _ChunkFile(io.RawIOBase):
    """The chunks of a store as a file that is read once; closing it ends the transfer."""

    def __init__(self, chunks: Iterator[bytes], deadline: float) -> None:
        super().__init__()
        self._chunks = chunks
        self._deadline = deadline
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            _check_time(self._deadline)
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            with closing(cast("Any", self._chunks)):
                super().close()
