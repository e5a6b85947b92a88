"""Load an image from the cache or from its host.

A small pool of threads fetches images. Only a few requests can wait for it at the same time, so that
slow hosts delay their own images and not the registry. Other requests get an error, and the image
once it is cached.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from common.http.safe import Fetcher, FetchFailedError
from common.once import built_once
from marketplace.images.content_type import sniff_image
from marketplace.images.disk_cache import Entry, ImageDiskCache
from marketplace.images.errors import ImagesBusyError
from plugport.spec.errors import PlugportError

_log = structlog.get_logger("plugport.images")
MAX_BYTES = 5 << 20
MAX_SECONDS = 5.0
_ACCEPT = "image/avif,image/webp,image/svg+xml,image/*;q=0.8"
# How long an image is fresh, a failure is cached, and a stale image is shown while its host fails.
FRESH_SECONDS = 12 * 3600
RETRY_SECONDS = 600
STALE_SECONDS = 7 * 86_400
# The number of fetching threads, of queued fetches, and of web threads that can wait for an image.
# `manage.py serve` runs more web threads than that, so waiting never blocks all of them.
FETCH_THREADS = 6
MAX_PENDING = 64
MAX_WAITING_REQUESTS: int = settings.MAX_WAITING_IMAGES


class ImageCache:
    """Loads images for one process: a disk cache, a fetcher and a thread pool."""

    def __init__(
        self, disk_cache: ImageDiskCache, fetcher: Fetcher, *, max_seconds: float = MAX_SECONDS
    ) -> None:
        self.disk_cache = disk_cache
        self._fetcher = fetcher
        self._max_seconds = max_seconds
        self._threads = ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="images")
        # Reentrant: `add_done_callback` can call `_remove_pending` in a thread that holds the lock.
        self._lock = threading.RLock()
        self._pending: dict[str, Future[Entry]] = {}
        self._waiting_slots = threading.BoundedSemaphore(MAX_WAITING_REQUESTS)

    def get(self, url: str) -> Entry:
        """The entry for the URL, possibly a failure. A stale image is returned and refreshed.

        Raises `ImagesBusyError` if the image is not available soon.
        """
        cached = self.disk_cache.get(url)
        if cached and time.time() < cached.good_until:
            return cached
        pending = self._start(url, cached)
        if cached and not cached.failure:
            return cached
        if pending is None or not self._waiting_slots.acquire(blocking=False):
            raise ImagesBusyError("Too many images are being fetched.", hint="Try again soon.")
        try:
            return pending.result(self._max_seconds + 0.5)
        except TimeoutError:
            raise ImagesBusyError("The image is still being fetched.") from None
        finally:
            self._waiting_slots.release()

    def _start(self, url: str, cached: Entry | None) -> Future[Entry] | None:
        """The fetch of the URL, shared by all requests; None if too many fetches are queued."""
        with self._lock:
            if url in self._pending:
                return self._pending[url]
            if len(self._pending) >= MAX_PENDING:
                return None
            # A fetch that was stored after this thread had read the cache.
            stored = self.disk_cache.get(url)
            if stored is not None and time.time() < stored.good_until:
                done: Future[Entry] = Future()
                done.set_result(stored)
                return done
            future = self._threads.submit(self._fetch_and_store, url, cached)
            self._pending[url] = future
            # If the future is already done, this thread calls it immediately.
            future.add_done_callback(lambda _: self._remove_pending(url))
            return future

    def _remove_pending(self, url: str) -> None:
        with self._lock:
            self._pending.pop(url, None)

    def _fetch_and_store(self, url: str, cached: Entry | None) -> Entry:
        now = time.time()
        try:
            entry = self._fetch(url, now)
        except PlugportError as error:
            _log.info("image_failed", host=_get_host(url), code=error.code, reason=error.detail)
            entry = _build_failure(error.detail, cached, now)
        except Exception:  # noqa: BLE001 -- logged and cached, so that it is not retried for each request
            _log.exception("image_failed", host=_get_host(url))
            entry = _build_failure("It could not be read.", cached, now)
        self.disk_cache.put(url, entry)
        return entry

    def _fetch(self, url: str, now: float) -> Entry:
        """Fetch the image from its host. Raises `FetchFailedError` or `FetchRefusedError`."""
        fetched = self._fetcher.fetch(
            url, max_bytes=MAX_BYTES, seconds=self._max_seconds, accept=_ACCEPT
        )
        # From the content: the image is served from this origin, so the type that its host declares
        # is not trusted (CWE-79).
        media_type = sniff_image(fetched.body)
        if media_type is None:
            raise FetchFailedError("The response is not an image.")
        return Entry(media_type, fetched.body, now, now + FRESH_SECONDS)


def _build_failure(reason: str, cached: Entry | None, now: float) -> Entry:
    """The entry after a failed fetch: the cached image, unless it is too old, or the failure."""
    if cached and not cached.failure and now - cached.fetched_at < STALE_SECONDS:
        return Entry(cached.media_type, cached.body, cached.fetched_at, now + RETRY_SECONDS)
    return Entry("", b"", now, now + RETRY_SECONDS, failure=reason)


def _get_host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@built_once
def get_image_cache() -> ImageCache:
    """The image cache of this process, in the data directory."""
    folder = Path(settings.DATA_DIR) / "images"
    return ImageCache(ImageDiskCache(folder, settings.IMAGE_CACHE_MB * 1_000_000), Fetcher())
