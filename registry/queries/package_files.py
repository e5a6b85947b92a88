"""Load one file of a release from its stored package.

    text = load_release_file(release, "src/main.py", max_bytes=512 << 10)
    part = load_release_part(release, "dist/bundle.js", start=0, stop=40_000)

The package is streamed from the store and decompressed only up to the end of the file. Nothing is
written to disk, and only the result and one chunk are in memory. The bytes are returned only if the
file has the SHA-256 that the release lists for its path.

Of a rejected release, whose package is deleted, its members can still read the files whose text is
stored with the release: manifest, README and licenses.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar, cast

from django.conf import settings
from django.core.cache import caches

from common.expensive.results import get_result_cache
from common.expensive.turns import Turns
from common.http.errors import StorageError
from plugport.spec.archive.errors import ArchiveError
from plugport.spec.archive.gunzip import GunzipStream
from plugport.spec.archive.members import MemberReader
from plugport.spec.sizes import format_size
from plugport.spec.text import quote_text
from registry.errors import FileTooDeepError, FileTooLargeToReadError, UnknownFileError
from registry.models import Artifact, Release
from registry.package_limits import get_archive_limits
from registry.queries.catalog import get_artifact
from registry.storage import get_store
from registry.storage.keys import build_package_key
from registry.visibility import Audience, check_package_shown, has_package

T = TypeVar("T")
CACHED_BYTES = 512 << 10
# Pages show parts of a file one after the other, and each would decompress everything before it. So
# the part is cut from a block, which ends with the start of the next one.
_BLOCK_BYTES = 448 << 10
# Releases with more unpacked bytes take tenths of a second to decompress up to a file. Their parts are
# also stored on disk, for all processes.
LARGE_RELEASE_BYTES = 16 << 20
# The most bytes that are decompressed for one reader: those before the file in its package, and
# those of a file of which a part is loaded. Decompressing this much takes about half a second.
MAX_SKIPPED_BYTES = 128 << 20
# A web thread waits for the store this long at most.
MAX_SECONDS = 5.0
# In one web process: requests that decompress a large release for a part, or wait, each in a thread.
part_turns = Turns(max_pending=3)


# The number of lines before a part on disk.
_LINES = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class FilePart:
    """Some bytes of a file, and the number of line feeds before them."""

    content: bytes
    lines_before: int


def load_release_file(
    release: Release, path: str, *, max_bytes: int, audience: Audience = Audience.EVERYONE
) -> bytes:
    """The content of the file at `path`, if it has at most `max_bytes`.

    No query for a release from a query of `registry.queries.catalog`, 1 for a rejected release whose
    texts are not loaded. Raises `ReleaseBlockedError`, `UnknownFileError`,
    `FileTooLargeToReadError`, `FileTooDeepError` for a file behind too many other bytes,
    `PackageDeletedError`, and `StorageError` if the store does not respond in time or has different
    bytes.
    """
    # Before the path is looked up: of a blocked release, no path is confirmed.
    _check_shown(release, audience)
    return load_listed_file(
        release, get_file_entry(release, path), max_bytes=max_bytes, audience=audience
    )


def load_listed_file(
    release: Release,
    entry: Mapping[str, Any],
    *,
    max_bytes: int,
    audience: Audience = Audience.EVERYONE,
) -> bytes:
    """The same for an entry of the release's list of files, which need not be loaded."""
    _check_shown(release, audience)
    path = entry["path"]
    if entry["size"] > max_bytes:
        raise FileTooLargeToReadError(
            f"{quote_text(path)} has {format_size(entry['size'])}; {format_size(max_bytes)} can be"
            " shown.",
            hint="Download the package to get the file.",
            context={"found": entry["size"], "allowed": max_bytes},
        )
    return _load_part(release, entry, 0, entry["size"]).content


def _check_shown(release: Release, audience: Audience) -> None:
    # Texts of a rejected release are stored without its package; `_load_part` looks for them.
    if audience is Audience.EVERYONE or has_package(release):
        check_package_shown(release, audience)


def load_release_part(
    release: Release, path: str, *, start: int, stop: int, audience: Audience = Audience.EVERYONE
) -> FilePart:
    """The bytes of a file from `start` up to but not including `stop`.

    The whole file is decompressed to verify its digest; only a block around the part is kept in
    memory. No query. Raises the same errors as `load_release_file`, `FileTooDeepError` also for a
    file that is too large to decompress for one reader, and `ServerBusyError`.
    """
    _check_shown(release, audience)
    entry = get_file_entry(release, path)
    _check_unpacked_size(entry["size"], path)
    first = start - start % _BLOCK_BYTES
    if stop - first > CACHED_BYTES:
        return _load_part(release, entry, start, stop)
    turn = part_turns.take(max_seconds=settings.COMPUTATION_SECONDS)
    block = _load_part(release, entry, first, first + CACHED_BYTES, turn=turn)
    content = block.content[start - first : stop - first]
    return FilePart(content, block.lines_before + block.content.count(b"\n", 0, start - first))


def _load_part(
    release: Release,
    entry: Mapping[str, Any],
    start: int,
    stop: int,
    *,
    turn: AbstractContextManager[None] = contextlib.nullcontext(),  # noqa: B008 -- has no state
) -> FilePart:
    """The range from a cache, else from the package; from that of a large release in the turn."""
    if not has_package(release):
        return _find_stored_part(release, entry, slice(start, stop))
    artifact = get_artifact(release)
    # By digest, so a cached part can never be outdated.
    key = f"{artifact.sha256}:{entry['sha256']}:{start}-{stop}"
    is_large = release.unpacked_bytes > LARGE_RELEASE_BYTES
    if (cached := _find_cached(key, on_disk=is_large)) is not None:
        return cached
    with turn if is_large else contextlib.nullcontext():
        # Another thread or process may have stored it meanwhile.
        if is_large and (cached := _find_cached(key, on_disk=True)) is not None:
            return cached
        part = _extract(release, artifact, entry, slice(start, stop))
        # Larger parts would evict many small ones.
        if len(part.content) <= CACHED_BYTES:
            caches["files"].set(key, part)
            if is_large:
                get_result_cache().put(key, _LINES.pack(part.lines_before) + part.content)
    return part


def _find_cached(key: str, *, on_disk: bool) -> FilePart | None:
    cached: FilePart | None = caches["files"].get(key)
    if cached is None and on_disk and (stored := get_result_cache().get(key)) is not None:
        cached = FilePart(stored[_LINES.size :], *_LINES.unpack(stored[: _LINES.size]))
        caches["files"].set(key, cached)
    return cached


def _find_stored_part(
    release: Release, entry: Mapping[str, Any], requested_range: slice
) -> FilePart:
    """The range of a text that is stored with the release. Raises `PackageDeletedError`."""
    contents, path = release.contents, entry["path"]
    if path == contents.manifest_path:
        text = contents.manifest_text
    elif path == contents.readme_path:
        text = contents.readme
    else:
        text = contents.licences.get(path, "")
    digest = hashlib.sha256()
    part = _read_part([text.encode()], requested_range, digest)
    # A text that was decoded from another encoding, or cut, is not the file.
    if digest.hexdigest() != entry["sha256"]:
        check_package_shown(release, Audience.MEMBERS)
    return part


def use_package(release: Release, use: Callable[[str], T]) -> T:
    """The result of `use` with the key of the package, for members.

    `use` raises `FileNotFoundError` for a key that does not exist. No query. Raises
    `PackageDeletedError` and `StorageError`.
    """
    check_package_shown(release, Audience.MEMBERS)
    return _use_object(release, get_artifact(release), use)


def _open_object(release: Release, artifact: Artifact) -> Iterator[bytes]:
    size_bytes = artifact.size_bytes
    return _use_object(release, artifact, lambda key: get_store().open_range(key, 0, size_bytes))


def _use_object(release: Release, artifact: Artifact, use: Callable[[str], T]) -> T:
    # The quarantined copy is deleted when the release becomes public, which may happen meanwhile.
    for key in filter(None, (artifact.quarantine_key, build_package_key(artifact.digest))):
        with contextlib.suppress(FileNotFoundError):
            return use(key)
    raise StorageError(f"The package of `{release}` is missing from the store.")


def get_file_entry(release: Release, path: str) -> Mapping[str, Any]:
    """The release's entry for the path: `path`, `size`, `sha256`. Raises `UnknownFileError`."""
    for entry in release.contents.files:
        if entry["path"] == path:
            return cast("Mapping[str, Any]", entry)
    raise UnknownFileError(
        f"`{release}` has no file {quote_text(path)}.", hint="The release's page lists its files."
    )


def _extract(
    release: Release, artifact: Artifact, entry: Mapping[str, Any], requested_range: slice
) -> FilePart:
    """Decompress up to the file and return the range of it. Raises like `load_release_file`."""
    deadline = time.monotonic() + MAX_SECONDS
    with _ChunkFile(_open_object(release, artifact), deadline) as raw:
        limits = get_archive_limits()
        stream = GunzipStream(cast("BinaryIO", raw), artifact.size_bytes, limits)
        members = MemberReader(stream, limits)
        try:
            part = _find_member_part(members, entry, requested_range, deadline)
        except ArchiveError as error:
            raise StorageError(f"The stored package of `{release}` is damaged.") from error
    if part is None:
        raise StorageError(
            f"The stored package of `{release}` does not contain {quote_text(entry['path'])}."
        )
    return part


def _find_member_part(
    members: MemberReader, entry: Mapping[str, Any], requested_range: slice, deadline: float
) -> FilePart | None:
    """The range of the first member with the file's path, size and digest; None without one."""
    skipped = 0
    for member in members:
        # A package may contain one top folder, which the release's paths leave out.
        paths = (member.path, member.path.partition("/")[2])
        if member.is_folder or member.size_bytes != entry["size"] or entry["path"] not in paths:
            skipped += member.size_bytes
            _check_unpacked_size(skipped, entry["path"])
            _check_deadline(deadline)
            continue
        digest = hashlib.sha256()
        part = _read_part(members.read_body(), requested_range, digest)
        # Verified although the store is addressed by digest: a damaged or exchanged object must not
        # be shown as the author's file.
        if digest.hexdigest() == entry["sha256"]:
            return part
    return None


def _read_part(chunks: Iterable[bytes], requested_range: slice, digest: hashlib._Hash) -> FilePart:
    """Read all chunks into the digest; keep the requested range and count the lines before it."""
    parts, lines, position = [], 0, 0
    for chunk in chunks:
        digest.update(chunk)
        first = max(0, requested_range.start - position)
        last = max(0, requested_range.stop - position)
        lines += chunk.count(b"\n", 0, first)
        parts.append(chunk[first:last])
        position += len(chunk)
    return FilePart(b"".join(parts), lines)


def _check_unpacked_size(size: int, path: str) -> None:
    if size > MAX_SKIPPED_BYTES:
        raise FileTooDeepError(
            f"To show {quote_text(path)}, more than {format_size(MAX_SKIPPED_BYTES)} of the package"
            " would have to be decompressed.",
            hint="Download the package to get the file.",
        )


def _check_deadline(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise StorageError("The package storage took too long.", hint="Try again later.")


class _ChunkFile(io.RawIOBase):
    """A store's chunks as a file that can be read once; closing it ends the transfer."""

    def __init__(self, chunks: Iterator[bytes], deadline: float) -> None:
        super().__init__()
        self._chunks = chunks
        self._deadline = deadline
        self._remaining = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # Checked per chunk: a store that sends a few bytes now and then never times out by itself.
        while not self._remaining:
            _check_deadline(self._deadline)
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._remaining = memoryview(chunk)
        count = min(len(buffer), len(self._remaining))
        buffer[:count] = self._remaining[:count]
        self._remaining = self._remaining[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            with closing(cast("Any", self._chunks)):
                super().close()
