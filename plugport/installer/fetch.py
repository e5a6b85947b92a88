"""Fetching a package so that no byte that once arrived is asked for again.

What arrives is written to `cache/partial/KEY.part`; beside it `KEY.json` keeps the strong ETag of
what is being fetched. The next attempt, in this run or another, asks for the rest with `Range`
and `If-Range` (RFC 9110 sections 13.1.5 and 14.2), so that a package which changed meanwhile
starts over instead of being glued together.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import httpx

from plugport.client.errors import TransferCutError, UnexpectedAnswerError
from plugport.client.progress import Progress
from plugport.installer.errors import BrokenStateError
from plugport.installer.files import write_json
from plugport.installer.lock import hold_lock
from plugport.installer.state import read_record
from plugport.installer.verify import find_repr_digest
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.digest import Digest
from plugport.spec.errors import InvalidError, LimitedError, PlugportError

# In one run. Each goes on from where the last one stopped.
ATTEMPTS = 50
FRUITLESS_ATTEMPTS = 3
PAUSE_SECONDS = 0.5
KEEP_SECONDS = 14 * 86_400
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,200}"\Z')
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15}|\*)\Z")
_NOT_SATISFIABLE = 416

Result = TypeVar("Result")
Opener = Callable[[str, Mapping[str, str]], AbstractContextManager[httpx.Response]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A package to fetch. `key` names what is wanted across runs (its integrity, or its URL)."""

    url: str
    key: str
    label: str
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole package on disk, and the digest that its server put in the header, if it did."""

    path: Path
    repr_digest: Digest | None


class Fetcher:
    """Downloads into a folder of partial files, which other runs of Plugport share."""

    def __init__(
        self,
        opener: Opener,
        folder: Path,
        progress: Progress,
        *,
        limits: ArchiveLimits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        tell_waiting: Callable[[str], None] | None = None,
    ) -> None:
        self._open = opener
        self._folder = folder
        self._progress = progress
        self._limit_bytes = (limits or ArchiveLimits()).archive_bytes
        self._sleep = sleep
        self._tell_waiting = tell_waiting

    def fetch(self, wanted: Wanted, use: Callable[[Fetched], Result]) -> Result:
        """Fetch the whole package, pass it to `use`, then delete it and return what `use` says.

        The file stays if anything is interrupted or not available, and goes if `use` finds the
        package invalid: what failed verification must not be continued. Raises
        `TransferCutError`, `LimitedError`, and what the opener and `use` raise.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Here, because nothing else ever looks into this folder.
        _sweep(self._folder)
        stem = hashlib.sha256(wanted.key.encode()).hexdigest()[:32]
        part = self._folder / f"{stem}.part"
        lock = self._folder / f"{stem}.lock"
        with hold_lock(lock, remove=True, tell_waiting=self._tell_waiting):
            self._complete(wanted, part)
            try:
                result = use(Fetched(part, _read_note(part)[1]))
            except InvalidError:
                _drop(part)
                raise
            _drop(part)
        return result

    def _complete(self, wanted: Wanted, part: Path) -> None:
        if wanted.size_bytes is not None and wanted.size_bytes > self._limit_bytes:
            raise self._too_large(wanted)
        with part.open("a+b") as file:
            have = file.seek(0, 2)
            # An earlier run got all of it and was stopped before it could be used.
            if wanted.size_bytes is not None and have == wanted.size_bytes:
                return
            try:
                self._transfer(wanted, part, file)
            finally:
                self._progress.finish()

    def _transfer(self, wanted: Wanted, part: Path, file: BinaryIO) -> None:
        fruitless = 0
        for _ in range(ATTEMPTS):
            before = file.seek(0, 2)
            try:
                if self._attempt(wanted, part, file):
                    return
            except TransferCutError:
                # A connection that always breaks but brings something each time is still a way.
                fruitless = fruitless + 1 if file.seek(0, 2) <= before else 0
                if fruitless >= FRUITLESS_ATTEMPTS:
                    raise
                self._sleep(PAUSE_SECONDS * fruitless)
        raise TransferCutError(
            f"`{wanted.label}` was cut {ATTEMPTS} times",
            hint="Run the same command again: it goes on from where it stopped.",
        )

    def _attempt(self, wanted: Wanted, part: Path, file: BinaryIO) -> bool:
        """One request; False where it only found that fetching must start over."""
        have = file.seek(0, 2)
        etag = _read_note(part)[0] if have else None
        resume = {"Range": f"bytes={have}-", "If-Range": etag} if etag else {}
        try:
            with self._open(wanted.url, resume) as response:
                self._take(wanted, response, part, file)
        except PlugportError as error:
            if error.context.get("status") != _NOT_SATISFIABLE or not resume:
                raise
            file.truncate(0)
            return False
        return True

    def _take(self, wanted: Wanted, response: httpx.Response, part: Path, file: BinaryIO) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise UnexpectedAnswerError(f"`{wanted.label}` is sent in a content encoding")
        start, total = _find_start(response)
        if response.status_code != 206:
            file.truncate(0)
            _write_note(part, response)
        # A server may answer another part than was asked for.
        if start != file.seek(0, 2):
            file.truncate(0)
            raise TransferCutError(f"`{wanted.label}` goes on at byte {start}, which is wrong")
        self._progress.start(wanted.label, total_bytes=wanted.size_bytes or total, done_bytes=start)
        have = start
        for chunk in _iterate(response):
            have += len(chunk)
            # Whoever sends more than promised is not read to the end.
            if have > (wanted.size_bytes or self._limit_bytes):
                file.truncate(0)
                raise self._too_large(wanted)
            file.write(chunk)
            file.flush()
            self._progress.advance(len(chunk))
        if total is not None and have < total:
            raise TransferCutError(f"`{wanted.label}` ended at byte {have} of {total}")

    def _too_large(self, wanted: Wanted) -> LimitedError:
        limit = min(wanted.size_bytes or self._limit_bytes, self._limit_bytes)
        return LimitedError(f"`{wanted.label}` is larger than the {limit} bytes allowed for it")


def _iterate(response: httpx.Response) -> Iterator[bytes]:
    if response.is_stream_consumed:
        # A transport inside this process answers with bodies that are there already.
        yield response.content
    else:
        # In the pieces that arrive: a fixed size would hold back, and lose, the last one of a cut.
        yield from response.iter_raw()


def _find_start(response: httpx.Response) -> tuple[int, int | None]:
    """At which byte the answer's body starts, and how long the whole is."""
    if response.status_code != 206:
        length = response.headers.get("content-length", "")
        return 0, int(length) if length.isascii() and length.isdigit() else None
    found = _CONTENT_RANGE.match(response.headers.get("content-range", ""))
    if found is None:
        raise UnexpectedAnswerError(f"`{response.url}` answers 206 without saying which part")
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _read_note(part: Path) -> tuple[str | None, Digest | None]:
    """The strong ETag and the digest kept beside a partial file."""
    try:
        note = read_record(part.with_suffix(".json")) or {}
    except BrokenStateError:
        note = {}
    etag, digest = note.get("etag"), note.get("reprDigest")
    # A weak ETag says "means the same", which for a part of a file is not enough.
    is_strong = isinstance(etag, str) and _STRONG_ETAG.match(etag)
    return etag if is_strong else None, find_repr_digest(str(digest or ""))


def _write_note(part: Path, response: httpx.Response) -> None:
    headers = response.headers
    note = {"etag": headers.get("etag", ""), "reprDigest": headers.get("repr-digest", "")[:4096]}
    write_json(part.with_suffix(".json"), note, mode=0o600)


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_suffix(".json").unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what nobody came back for."""
    oldest = time.time() - KEEP_SECONDS
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()
