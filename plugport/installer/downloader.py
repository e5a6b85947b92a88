"""Download packages, and resume interrupted downloads.

Received bytes are written to `cache/partial/KEY.part`; `KEY.json` has the strong ETag of the
package. The next attempt, in this run or another, requests the rest with `Range` and `If-Range`
(RFC 9110 sections 13.1.5 and 14.2): if the package has changed, the server sends all of it, so
parts of two packages are never joined.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, TypeVar

from msgspec import Struct

from plugport.client.errors import TransferInterruptedError, UnexpectedResponseError
from plugport.client.progress import Progress
from plugport.installer.errors import BrokenRecordError
from plugport.installer.file_lock import hold_lock
from plugport.installer.filesystem import write_json
from plugport.installer.install_record import load_json_object
from plugport.installer.verify import find_repr_digest
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.digest import Digest
from plugport.spec.errors import InvalidError, LimitedError, PlugportError

if TYPE_CHECKING:
    import httpx

# Requests in one run; each resumes where the last one stopped.
MAX_ATTEMPTS = 50
MAX_STALLED_ATTEMPTS = 3
PAUSE_SECONDS = 0.5
# The timeouts of single reads do not bound a download: a server can send one byte a minute. A run
# ends after these seconds and the time that the package takes at the lowest rate.
START_SECONDS = 120.0
LOWEST_BYTES_PER_SECOND = 16_000
RETENTION_SECONDS = 14 * 86_400
# `If-Range` requires a strong validator: a weak ETag does not promise equal bytes (RFC 9110,
# section 13.1.5).
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,200}"\Z')
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15}|\*)\Z")
_NOT_SATISFIABLE = 416

Result = TypeVar("Result")
Opener: TypeAlias = "Callable[[str, Mapping[str, str]], AbstractContextManager[httpx.Response]]"


class DownloadRequest(Struct, frozen=True):
    """A package to download. `key` identifies it across runs: its integrity, else its URL."""

    url: str
    key: str
    label: str
    size_bytes: int | None = None


class DownloadedPackage(Struct, frozen=True):
    """A complete package on disk, and the digest in the server's `Repr-Digest` header."""

    path: Path
    repr_digest: Digest | None


class Downloader:
    """Downloads into a folder of partial files, which other runs of Plugport share."""

    def __init__(
        self,
        opener: Opener,
        folder: Path,
        progress: Progress,
        *,
        limits: ArchiveLimits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self._open = opener
        self._folder = folder
        self._progress = progress
        self._limit_bytes = (limits or ArchiveLimits()).archive_bytes
        self._sleep = sleep
        self._clock = clock
        self._notify = notify

    @contextlib.contextmanager
    def open_package(self, request: DownloadRequest) -> Iterator[DownloadedPackage]:
        """Download the package, and delete it at the end of the context.

        The partial file is kept if the download is interrupted. It is deleted if the context raises
        `InvalidError`: a package that failed verification must not be resumed. Raises
        `TransferInterruptedError`, `LimitedError`, and the errors of the opener.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Here, because no other code visits this folder.
        _delete_expired(self._folder)
        stem = hashlib.sha256(request.key.encode()).hexdigest()[:32]
        part = self._folder / f"{stem}.part"
        lock = self._folder / f"{stem}.lock"
        with hold_lock(lock, remove=True, notify=self._notify):
            self._complete_download(request, part)
            try:
                yield DownloadedPackage(part, _load_metadata(part)[1])
            except InvalidError:
                _delete_partial(part)
                raise
            _delete_partial(part)

    def _complete_download(self, request: DownloadRequest, part: Path) -> None:
        if request.size_bytes is not None and request.size_bytes > self._limit_bytes:
            raise self._build_too_large_error(request)
        with part.open("a+b") as file:
            received = file.seek(0, 2)
            # An earlier run was stopped after the download and before the installation.
            if request.size_bytes is not None and received == request.size_bytes:
                return
            try:
                self._fetch_with_retries(request, part, file)
            finally:
                self._progress.finish()

    def _fetch_with_retries(self, request: DownloadRequest, part: Path, file: BinaryIO) -> None:
        deadline = self._build_deadline(request)
        stalled_attempts = 0
        for _ in range(MAX_ATTEMPTS):
            before = file.seek(0, 2)
            try:
                if self._attempt(request, part, file, deadline):
                    return
            except TransferInterruptedError:
                deadline.check()
                # Only attempts without progress count: a bad connection may need many requests.
                stalled_attempts = stalled_attempts + 1 if file.seek(0, 2) <= before else 0
                if stalled_attempts >= MAX_STALLED_ATTEMPTS:
                    raise
                self._sleep(PAUSE_SECONDS * stalled_attempts)
        raise TransferInterruptedError(
            f"the download of `{request.label}` was interrupted {MAX_ATTEMPTS} times",
            hint="Run the same command again: the download resumes where it stopped.",
        )

    def _build_deadline(self, request: DownloadRequest) -> _Deadline:
        size_bytes = request.size_bytes or self._limit_bytes
        return _Deadline(
            self._clock, START_SECONDS + size_bytes / LOWEST_BYTES_PER_SECOND, request.label
        )

    def _attempt(
        self, request: DownloadRequest, part: Path, file: BinaryIO, deadline: _Deadline
    ) -> bool:
        """Send one request. Returns False if the download must start over."""
        received = file.seek(0, 2)
        etag = _load_metadata(part)[0] if received else None
        resume = {"Range": f"bytes={received}-", "If-Range": etag} if etag else {}
        try:
            with self._open(request.url, resume) as response:
                self._receive(request, response, part, file, deadline)
        except PlugportError as error:
            # 416: the range starts after the end of the package (RFC 9110, section 15.5.17), so the
            # partial file is of no use.
            if error.context.get("status") != _NOT_SATISFIABLE or not resume:
                raise
            file.truncate(0)
            return False
        return True

    def _receive(
        self,
        request: DownloadRequest,
        response: httpx.Response,
        part: Path,
        file: BinaryIO,
        deadline: _Deadline,
    ) -> None:
        # Ranges count encoded bytes (RFC 9110, section 14), so parts of an encoded body cannot be
        # joined.
        if response.headers.get("content-encoding", "identity") != "identity":
            raise UnexpectedResponseError(
                f"the server sent `{request.label}` with a content encoding"
            )
        start, total = _parse_range_headers(response)
        # 200: the body is the whole package, because the server ignored the range or the ETag in
        # `If-Range` does not match (RFC 9110, section 13.1.5).
        if response.status_code != 206:
            file.truncate(0)
            _write_metadata(part, response)
        # A server may send another range than the requested one.
        if start != file.seek(0, 2):
            file.truncate(0)
            raise TransferInterruptedError(
                f"the server sent `{request.label}` from byte {start}, which was not requested"
            )
        self._progress.start(
            request.label, total_bytes=request.size_bytes or total, done_bytes=start
        )
        received = start
        for chunk in _iter_chunks(response):
            received += len(chunk)
            # Stop at the limit: a server could send without end (CWE-400).
            if received > (request.size_bytes or self._limit_bytes):
                file.truncate(0)
                raise self._build_too_large_error(request)
            file.write(chunk)
            file.flush()
            self._progress.advance(len(chunk))
            if total is None or received < total:
                deadline.check()
        if total is not None and received < total:
            raise TransferInterruptedError(
                f"the download of `{request.label}` ended at byte {received} of {total}"
            )

    def _build_too_large_error(self, request: DownloadRequest) -> LimitedError:
        limit = min(request.size_bytes or self._limit_bytes, self._limit_bytes)
        return LimitedError(f"`{request.label}` is larger than the allowed {limit} bytes")


class _Deadline:
    """The end of the time for one download, resumed parts included."""

    def __init__(self, clock: Callable[[], float], seconds: float, label: str) -> None:
        self._clock = clock
        self._until = clock() + seconds
        self._seconds = seconds
        self._label = label

    def check(self) -> None:
        """Raise `TransferInterruptedError` at the end."""
        if self._clock() > self._until:
            raise TransferInterruptedError(
                f"the download of `{self._label}` did not end in {self._seconds:.0f} s, less than "
                f"{LOWEST_BYTES_PER_SECOND // 1000} kB/s",
                hint="Run the same command again: the download resumes where it stopped.",
            )


def _iter_chunks(response: httpx.Response) -> Iterator[bytes]:
    if response.is_stream_consumed:
        # A transport without network, as in tests, returns complete bodies.
        yield response.content
    else:
        # Without a chunk size: httpx would buffer the last bytes before an interruption and
        # lose them.
        yield from response.iter_raw()


def _parse_range_headers(response: httpx.Response) -> tuple[int, int | None]:
    """The position of the body's first byte in the package, and the package's size if known."""
    if response.status_code != 206:
        length = response.headers.get("content-length", "")
        return 0, int(length) if length.isascii() and length.isdigit() else None
    match = _CONTENT_RANGE.match(response.headers.get("content-range", ""))
    if match is None:
        raise UnexpectedResponseError(f"`{response.url}` sent 206 without a valid Content-Range")
    return int(match[1]), None if match[2] == "*" else int(match[2])


def _load_metadata(part: Path) -> tuple[str | None, Digest | None]:
    """The strong ETag and the digest stored with a partial file."""
    try:
        metadata = load_json_object(part.with_suffix(".json")) or {}
    except BrokenRecordError:
        metadata = {}
    etag, digest = metadata.get("etag"), metadata.get("reprDigest")
    # A weak ETag does not identify bytes, so it cannot join parts (RFC 9110 section 8.8.1).
    is_strong = isinstance(etag, str) and _STRONG_ETAG.match(etag)
    return etag if is_strong else None, find_repr_digest(str(digest or ""))


def _write_metadata(part: Path, response: httpx.Response) -> None:
    headers = response.headers
    metadata = {
        "etag": headers.get("etag", ""),
        "reprDigest": headers.get("repr-digest", "")[:4096],
    }
    # The partial file is not flushed either, and after a power failure the download may start over.
    write_json(part.with_suffix(".json"), metadata, mode=0o600, is_flushed=False)


def _delete_partial(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_suffix(".json").unlink(missing_ok=True)


def _delete_expired(folder: Path) -> None:
    """Delete partial downloads that were not resumed for two weeks."""
    oldest = time.time() - RETENTION_SECONDS
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()
