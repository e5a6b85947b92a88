"""Reading one file of a release out of its stored package.

    text = read_release_file(release, "src/main.py", max_bytes=512 << 10)

The package is streamed from the store and unpacked only as far as the file: nothing is written,
and no more is held than the file and a chunk. What comes out has the SHA-256 that the release
lists for that path, or nothing comes out.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, BinaryIO, cast

from django.core.cache import caches

from plugport.spec.archive.errors import ArchiveError
from plugport.spec.archive.gunzip import GunzipStream
from plugport.spec.archive.members import MemberReader
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
# What may lie before the file in its package: unpacking this much takes about half a second.
MAX_SKIPPED_BYTES = 128 << 20
MAX_SECONDS = 5.0


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
            f"{show(path)} has {entry['size']} bytes; at most {max_bytes} are read here.",
            hint="Download the package to get it.",
            context={"found": entry["size"], "allowed": max_bytes},
        )
    artifact = get_artifact(release)
    shelf, key = caches["files"], f"{artifact.sha256}:{entry['sha256']}"
    kept = shelf.get(key)
    if kept is not None:
        return cast("bytes", kept)
    content = _extract(release, artifact, entry)
    if len(content) <= CACHED_BYTES:
        shelf.set(key, content)
    return content


def find_file(release: Release, path: str) -> Mapping[str, Any]:
    """The release's entry of that path: `path`, `size`, `sha256`. Raises `UnknownFileError`."""
    for entry in release.contents.files:
        if entry["path"] == path:
            return cast("Mapping[str, Any]", entry)
    raise UnknownFileError(
        f"`{release}` has no file {show(path)}.", hint="Its page lists the files there are."
    )


def _extract(release: Release, artifact: Artifact, entry: Mapping[str, Any]) -> bytes:
    """Unpack up to the file and return it. Raises as `read_release_file` does."""
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
            content = _find_member(members, entry, deadline)
        except ArchiveError as error:
            raise StorageError(f"The stored package of `{release}` is damaged.") from error
    if content is None:
        raise StorageError(f"The stored package of `{release}` lacks {show(entry['path'])}.")
    return content


def _find_member(members: MemberReader, entry: Mapping[str, Any], deadline: float) -> bytes | None:
    """The first member that may be the file and has its digest; None where there is none."""
    skipped = 0
    for member in members:
        # The package may have a folder around everything, which the release's paths leave out.
        paths = (member.path, member.path.partition("/")[2])
        if member.is_folder or member.size_bytes != entry["size"] or entry["path"] not in paths:
            skipped += member.size_bytes
            _check_way(skipped, entry["path"], deadline)
            continue
        content = b"".join(members.read_body())
        if hashlib.sha256(content).hexdigest() == entry["sha256"]:
            return content
    return None


def _check_way(skipped: int, path: str, deadline: float) -> None:
    if skipped > MAX_SKIPPED_BYTES:
        raise FileTooDeepError(
            f"More than {MAX_SKIPPED_BYTES} bytes lie before {show(path)} in the package.",
            hint="Download the package to get it.",
        )
    _check_time(deadline)


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
