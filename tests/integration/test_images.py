"""Remote images: fetching, caching, limits, and independence of slow hosts."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from common.http.safe import Fetcher
from marketplace.images import fetching
from marketplace.images.disk_cache import Entry, ImageDiskCache
from marketplace.images.errors import ImagesBusyError
from marketplace.images.fetching import ImageCache
from tests.support.odd_server import OddServer, build_response, drip, open_server, stream
from tests.support.pictures import PNG, SVG
from tests.support.server import wait_until

MIB = 1 << 20


@pytest.fixture
def server() -> Iterator[OddServer]:
    """The server of the images."""
    with open_server() as server:
        yield server


@pytest.fixture
def cache(tmp_path: Path) -> ImageDiskCache:
    return ImageDiskCache(tmp_path / "images", 16 * MIB)


@pytest.fixture
def images(cache: ImageDiskCache) -> ImageCache:
    return ImageCache(cache, Fetcher(allow_loopback=True))


def build_entry(body: bytes = PNG, *, age: float = 0, good: float = 60, failure: str = "") -> Entry:
    now = time.time()
    return Entry("image/png", body, now - age, now + good, failure)


def test_fetched_once(server: OddServer, images: ImageCache, cache: ImageDiskCache):
    """The second reader has it from the cache, also in another process."""
    server.answers["/a"] = build_response(PNG, media_type="text/plain")
    for _ in range(2):
        image = images.get(f"{server.url}/a")
        assert (image.media_type, image.body, image.failure) == ("image/png", PNG, "")
    assert ImageCache(cache, Fetcher()).get(f"{server.url}/a").body == PNG
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "response",
    [
        build_response(b"<!doctype html><script>alert(1)</script>"),
        build_response(b"gone", status="404 Not Found"),
        stream(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n", PNG * 1000),
        b"",
    ],
)
def test_failures_are_kept(server: OddServer, images: ImageCache, response: Any):
    """Failures are cached: invalid, too large or missing images are not requested each time."""
    server.answers["/a"] = response
    first = images.get(f"{server.url}/a")
    assert first.failure
    assert first.body == b""
    assert images.get(f"{server.url}/a") == first
    assert len(server.requests) == 1


def test_internal_addresses_are_never_requested(server: OddServer, cache: ImageDiskCache):
    """With the default settings, this machine is not requested: a failure like any other."""
    image = ImageCache(cache, Fetcher()).get(f"{server.url}/a")
    assert image.failure
    assert server.requests == []


def test_old_pictures(server: OddServer, images: ImageCache, cache: ImageDiskCache):
    """A stale image is shown and refreshed in the background; it is kept while its host fails."""
    url = f"{server.url}/a"
    server.answers["/a"] = build_response(SVG)
    cache.put(url, build_entry(age=90_000, good=-1))
    assert images.get(url).body == PNG
    wait_until(lambda: images.get(url).body == SVG)
    cache.put(url, build_entry(age=90_000, good=-1))
    del server.answers["/a"]
    assert images.get(url).body == PNG
    wait_until(lambda: (cache.get(url) or build_entry()).good_until > time.time() + 100)
    assert images.get(url).body == PNG
    cache.put(url, build_entry(age=fetching.STALE_SECONDS + 1, good=-1))
    images.get(url)
    wait_until(lambda: bool(images.get(url).failure))


def test_slow_hosts_do_not_take_every_thread(server: OddServer, cache: ImageDiskCache):
    """A few requests wait; the others fail immediately, and so do later ones."""
    images = ImageCache(cache, Fetcher(allow_loopback=True), max_seconds=30)
    server.answers = {f"/{n}": drip(b"HTTP/1.1 200 OK\r\n\r\n") for n in range(200)}
    busy: list[int] = []

    def ask(number: int) -> None:
        try:
            images.get(f"{server.url}/{number}")
        except ImagesBusyError:
            busy.append(number)

    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(12)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(busy) == 12 - fetching.MAX_WAITING_REQUESTS)
    wait_until(lambda: len(server.requests) == fetching.FETCH_THREADS)
    for number in range(12, 200):
        with pytest.raises(ImagesBusyError):
            images.get(f"{server.url}/{number}")
    assert len(server.requests) == fetching.FETCH_THREADS
    cache.put(f"{server.url}/kept", build_entry())
    assert images.get(f"{server.url}/kept").body == PNG
    server.close()
    for thread in threads:
        thread.join()


def test_concurrent_requests_share_one_fetch(server: OddServer, images: ImageCache):
    """Concurrent requests for one image share its fetch."""
    may_answer = threading.Event()

    def respond(_server: OddServer, client: Any) -> None:
        may_answer.wait(20)
        client.sendall(build_response(PNG))

    server.answers["/a"] = respond
    bodies: list[bytes] = []

    def ask() -> None:
        bodies.append(images.get(f"{server.url}/a").body)

    threads = [
        threading.Thread(target=ask, daemon=True) for _ in range(fetching.MAX_WAITING_REQUESTS)
    ]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(server.requests) == 1)
    may_answer.set()
    for thread in threads:
        thread.join()
    assert bodies == [PNG] * fetching.MAX_WAITING_REQUESTS
    assert len(server.requests) == 1


def list_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("images/*/*"))


def test_cache_is_bounded(tmp_path: Path):
    """The least recently used entries are evicted. Failures count, too."""
    cache = ImageDiskCache(tmp_path / "images", MIB)
    for number in range(60):
        cache.put(f"http://a.test/{number}", build_entry(bytes(20_000)))
        for path in tmp_path.glob("images/*/*"):
            os.utime(path, (path.stat().st_mtime - 7200,) * 2)
        assert cache.get("http://a.test/0")
    assert list_bytes(tmp_path) < MIB * 17 // 16
    assert cache.get("http://a.test/1") is None
    for number in range(400):
        cache.put(f"http://b.test/{number}", build_entry(b"", failure="gone"))
    assert len(list(tmp_path.glob("images/*/*"))) < MIB / 4096 * 17 / 16 + 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"{}\nabc"),
        lambda path: path.write_bytes(b"[1]\nabc"),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(bytes(range(256))),
        lambda path: path.unlink(),
    ],
)
def test_spoilt_files(cache: ImageDiskCache, tmp_path: Path, spoil: Callable[[Path], object]):
    """A file that is not whole is none."""
    cache.put("http://a.test/a", build_entry())
    (path,) = tmp_path.glob("images/*/*")
    assert cache.get("http://a.test/a")
    spoil(path)
    assert cache.get("http://a.test/a") is None


def test_disk_away(tmp_path: Path, server: OddServer):
    """A folder that cannot be written costs a fetch each time, and nothing else."""
    (tmp_path / "images").write_text("a file in the way")
    images = ImageCache(ImageDiskCache(tmp_path / "images", MIB), Fetcher(allow_loopback=True))
    server.answers["/a"] = build_response(PNG)
    assert images.get(f"{server.url}/a").body == PNG
    assert images.get(f"{server.url}/a").body == PNG
    assert len(server.requests) == 2
