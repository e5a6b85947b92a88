"""Remote pictures: fetched, kept, bounded, and never in the way of others."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from marketplace.images import fetching
from marketplace.images.errors import ImagesBusyError
from marketplace.images.fetching import Images
from marketplace.images.shelf import Entry, Shelf
from registry.fetching import Fetcher
from tests.support.odd_server import OddServer, drip, make_answer, open_server, stream
from tests.support.pictures import PNG, SVG
from tests.support.server import wait_until

MIB = 1 << 20


@pytest.fixture
def server() -> Iterator[OddServer]:
    """Where the pictures come from."""
    with open_server() as server:
        yield server


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "images", 16 * MIB)


@pytest.fixture
def images(shelf: Shelf) -> Images:
    return Images(shelf, Fetcher(allow_loopback=True))


def make_entry(body: bytes = PNG, *, age: float = 0, good: float = 60, failure: str = "") -> Entry:
    now = time.time()
    return Entry("image/png", body, now - age, now + good, failure)


def test_fetched_once(server: OddServer, images: Images, shelf: Shelf):
    """The second reader has it from the shelf, also in another process."""
    server.answers["/a"] = make_answer(PNG, media_type="text/plain")
    for _ in range(2):
        found = images.get(f"{server.url}/a")
        assert (found.media_type, found.body, found.failure) == ("image/png", PNG, "")
    assert Images(shelf, Fetcher()).get(f"{server.url}/a").body == PNG
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        make_answer(b"<!doctype html><script>alert(1)</script>"),
        make_answer(b"gone", status="404 Not Found"),
        stream(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n", PNG * 1000),
        b"",
    ],
)
def test_failures_are_kept(server: OddServer, images: Images, answer: Any):
    """What is no picture, too large or not there is asked for once in a while, not each time."""
    server.answers["/a"] = answer
    first = images.get(f"{server.url}/a")
    assert first.failure
    assert first.body == b""
    assert images.get(f"{server.url}/a") == first
    assert len(server.requests) == 1


def test_inside_is_never_asked(server: OddServer, shelf: Shelf):
    """As the settings make it, this machine is not asked: a failure like any other."""
    found = Images(shelf, Fetcher()).get(f"{server.url}/a")
    assert found.failure
    assert server.requests == []


def test_old_pictures(server: OddServer, images: Images, shelf: Shelf):
    """An old one is shown at once and fetched anew behind; kept on while its place is away."""
    url = f"{server.url}/a"
    server.answers["/a"] = make_answer(SVG)
    shelf.put(url, make_entry(age=90_000, good=-1))
    assert images.get(url).body == PNG
    wait_until(lambda: images.get(url).body == SVG)
    shelf.put(url, make_entry(age=90_000, good=-1))
    del server.answers["/a"]
    assert images.get(url).body == PNG
    wait_until(lambda: (shelf.get(url) or make_entry()).good_until > time.time() + 100)
    assert images.get(url).body == PNG
    shelf.put(url, make_entry(age=fetching.STALE_SECONDS + 1, good=-1))
    images.get(url)
    wait_until(lambda: bool(images.get(url).failure))


def test_slow_hosts_do_not_take_every_thread(server: OddServer, shelf: Shelf):
    """A few requests wait; the others are told to come back at once, and so are those later."""
    images = Images(shelf, Fetcher(allow_loopback=True), max_seconds=30)
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
    wait_until(lambda: len(busy) == 12 - fetching.SEATS)
    wait_until(lambda: len(server.requests) == fetching.FETCHING)
    for number in range(12, 200):
        with pytest.raises(ImagesBusyError):
            images.get(f"{server.url}/{number}")
    assert len(server.requests) == fetching.FETCHING
    shelf.put(f"{server.url}/kept", make_entry())
    assert images.get(f"{server.url}/kept").body == PNG
    server.close()
    for thread in threads:
        thread.join()


def test_one_fetch_for_all_who_ask(server: OddServer, images: Images):
    """Readers of one picture share its fetch."""
    may_answer = threading.Event()

    def answer(_server: OddServer, client: Any) -> None:
        may_answer.wait(20)
        client.sendall(make_answer(PNG))

    server.answers["/a"] = answer
    found: list[bytes] = []

    def ask() -> None:
        found.append(images.get(f"{server.url}/a").body)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(fetching.SEATS)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(server.requests) == 1)
    may_answer.set()
    for thread in threads:
        thread.join()
    assert found == [PNG] * fetching.SEATS
    assert len(server.requests) == 1


def list_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("images/*/*"))


def test_shelf_is_bounded(tmp_path: Path):
    """What was used longest ago goes; what is read stays. Failures take room, too."""
    shelf = Shelf(tmp_path / "images", MIB)
    for number in range(100):
        shelf.put(f"http://a.test/{number}", make_entry(bytes(20_000)))
        for path in tmp_path.glob("images/*/*"):
            os.utime(path, (path.stat().st_mtime - 7200,) * 2)
        assert shelf.get("http://a.test/0")
    assert list_bytes(tmp_path) < MIB * 17 // 16
    assert shelf.get("http://a.test/1") is None
    for number in range(2_000):
        shelf.put(f"http://b.test/{number}", make_entry(b"", failure="gone"))
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
def test_spoilt_files(shelf: Shelf, tmp_path: Path, spoil: Callable[[Path], object]):
    """A file that is not whole is none."""
    shelf.put("http://a.test/a", make_entry())
    (path,) = tmp_path.glob("images/*/*")
    assert shelf.get("http://a.test/a")
    spoil(path)
    assert shelf.get("http://a.test/a") is None


def test_disk_away(tmp_path: Path, server: OddServer):
    """A folder that cannot be written costs a fetch each time, and nothing else."""
    (tmp_path / "images").write_text("a file in the way")
    images = Images(Shelf(tmp_path / "images", MIB), Fetcher(allow_loopback=True))
    server.answers["/a"] = make_answer(PNG)
    assert images.get(f"{server.url}/a").body == PNG
    assert images.get(f"{server.url}/a").body == PNG
    assert len(server.requests) == 2
