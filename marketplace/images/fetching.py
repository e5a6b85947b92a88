"""Getting a picture: from the shelf, else from its place.

Fetching is done by a few threads of its own. A request waits for them only if few others do, so
that a host that answers slowly holds up its own pictures and not the registry; the rest is told
to come back, and finds the picture then.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from marketplace.images.errors import ImagesBusyError
from marketplace.images.shelf import Entry, Shelf
from marketplace.images.sniff import sniff_image
from plugport.spec.errors import PlugportError
from registry.fetching import Fetcher, FetchFailedError

_log = structlog.get_logger("plugport.images")
MAX_BYTES = 5 << 20
MAX_SECONDS = 5.0
_ACCEPT = "image/avif,image/webp,image/svg+xml,image/*;q=0.8"
# How long a picture is good, a failure is believed, and an old picture is shown while its place
# does not answer.
GOOD_SECONDS = 12 * 3600
RETRY_SECONDS = 600
STALE_SECONDS = 7 * 86_400
# Threads that fetch, fetches that may wait for one, and web threads that may wait for a picture:
# `manage.py serve` gives each process more threads than that.
FETCHING = 6
MAX_PENDING = 64
SEATS = 2


class Images:
    """The pictures of one process: a shelf, a fetcher, the threads between them."""

    def __init__(self, shelf: Shelf, fetcher: Fetcher, *, max_seconds: float = MAX_SECONDS) -> None:
        self._shelf = shelf
        self._fetcher = fetcher
        self._max_seconds = max_seconds
        self._threads = ThreadPoolExecutor(FETCHING, thread_name_prefix="images")
        self._guard = threading.RLock()
        self._pending: dict[str, Future[Entry]] = {}
        self._seats = threading.BoundedSemaphore(SEATS)

    def get(self, url: str) -> Entry:
        """The picture, or that there is none. An old one is shown while it is fetched anew.

        Raises `ImagesBusyError` where the answer would be long in coming.
        """
        kept = self._shelf.get(url)
        if kept and time.time() < kept.good_until:
            return kept
        coming = self._start(url, kept)
        if kept and not kept.failure:
            return kept
        if coming is None or not self._seats.acquire(blocking=False):
            raise ImagesBusyError("Too many pictures are being fetched.", hint="Try again soon.")
        try:
            return coming.result(self._max_seconds + 0.5)
        except TimeoutError:
            raise ImagesBusyError("The picture is still being fetched.") from None
        finally:
            self._seats.release()

    def _start(self, url: str, kept: Entry | None) -> Future[Entry] | None:
        """The fetch of that address, one for all who ask; None if too many are waiting."""
        with self._guard:
            if url in self._pending:
                return self._pending[url]
            if len(self._pending) >= MAX_PENDING:
                return None
            future = self._threads.submit(self._fetch, url, kept)
            self._pending[url] = future
            # Called at once, by this thread, if it is done already.
            future.add_done_callback(lambda _: self._forget(url))
            return future

    def _forget(self, url: str) -> None:
        with self._guard:
            self._pending.pop(url, None)

    def _fetch(self, url: str, kept: Entry | None) -> Entry:
        now = time.time()
        try:
            entry = self._ask(url, now)
        except PlugportError as error:
            _log.info("image_failed", host=_get_host(url), code=error.code, reason=error.detail)
            entry = _build_failure(error.detail, kept, now)
        except Exception:  # noqa: BLE001 -- logged; one odd picture must not fail at each look
            _log.exception("image_failed", host=_get_host(url))
            entry = _build_failure("It could not be read.", kept, now)
        self._shelf.put(url, entry)
        return entry

    def _ask(self, url: str, now: float) -> Entry:
        """The picture from its place. Raises `FetchFailedError` and `FetchRefusedError`."""
        fetched = self._fetcher.fetch(
            url, max_bytes=MAX_BYTES, seconds=self._max_seconds, accept=_ACCEPT
        )
        media_type = sniff_image(fetched.body)
        if media_type is None:
            raise FetchFailedError("What came is not a picture.")
        return Entry(media_type, fetched.body, now, now + GOOD_SECONDS)


def _build_failure(reason: str, kept: Entry | None, now: float) -> Entry:
    """What to show for a while: the old picture, unless it is too old."""
    if kept and not kept.failure and now - kept.fetched_at < STALE_SECONDS:
        return Entry(kept.media_type, kept.body, kept.fetched_at, now + RETRY_SECONDS)
    return Entry("", b"", now, now + RETRY_SECONDS, failure=reason)


def _get_host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@cache
def get_images() -> Images:
    """The pictures of this process, in the folder of the settings."""
    folder = Path(settings.DATA_DIR) / "images"
    return Images(Shelf(folder, settings.IMAGE_CACHE_MB << 20), Fetcher())
