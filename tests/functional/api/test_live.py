"""The API over real sockets: granian and a worker, spoken to with httpx.

What the test client cannot show: what the web server does to paths, bodies, ranges and HEAD, that
the worker is woken, and what a hostile upload costs the process.
"""

from __future__ import annotations

import hashlib
import random
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from plugport.spec.archive.model import ArchiveLimits
from tests.functional.api.calls import PROBLEM
from tests.support.data import shared_data
from tests.support.publishing import make_package
from tests.support.server import LiveRegistry, wait_until

pytestmark = pytest.mark.processes
PACKAGE = make_package("@livia/chat", files={"data.bin": random.Random(1).randbytes(300_000)})
SIZE = len(PACKAGE)
PATH = "/api/v1/plugins/@livia/chat/1.0.0/download"
HEAVY = [
    "bomb-1gib.tar.gz",
    "sparse-10gib.tar.gz",
    "many-200k-entries.tar.gz",
    "size-lie.tar.gz",
    "yaml-billion-laughs.tar.gz",
    "manifest-50mb.tar.gz",
    "json-deep.tar.gz",
]


@pytest.fixture(scope="module")
def token(live_registry: LiveRegistry) -> str:
    """Of `livia`, who may do everything."""
    return live_registry.make_tokens("livia")["livia"]


@pytest.fixture
def author(live_registry: LiveRegistry, token: str) -> Iterator[httpx.Client]:
    """Calls as `livia`."""
    with live_registry.client(token) as client:
        yield client


@pytest.fixture
def reader(live_registry: LiveRegistry) -> Iterator[httpx.Client]:
    """Calls as nobody."""
    with live_registry.client() as client:
        yield client


@pytest.fixture(scope="module")
def chat(live_registry: LiveRegistry, token: str) -> dict[str, Any]:
    """`@livia/chat` 1.0.0, published over HTTP with its checks done."""
    with live_registry.client(token) as client:
        answer = publish(client, PACKAGE, wait=30)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    assert document["state"] == "published"
    return document


def publish(client: httpx.Client, package: bytes, *, wait: int = 0) -> httpx.Response:
    return client.post(f"/api/v1/plugins?wait={wait}", files={"package": ("p.tgz", package)})


def check_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["Content-Type"] == PROBLEM


def test_publish_waits_for_the_checks(
    chat: dict[str, Any], author: httpx.Client, live_registry: LiveRegistry
) -> None:
    assert chat["checksum"] == hashlib.sha256(PACKAGE).hexdigest()
    status = author.get(chat["statusUrl"]).json()
    assert status["state"] == "published"
    assert [check["state"] for check in status["checks"]] == ["passed"] * 6
    assert chat["packageUrl"] == f"{live_registry.url}{PATH}"
    again = publish(author, PACKAGE)
    assert (again.status_code, again.json()["statusUrl"]) == (200, chat["statusUrl"])


def test_what_an_answer_points_to_can_be_had(chat: dict[str, Any], reader: httpx.Client) -> None:
    answer = reader.get(chat["packageUrl"])
    assert answer.content == PACKAGE
    assert answer.headers["Content-Length"] == str(SIZE)


@pytest.mark.parametrize(
    "name", ["@livia/chat", "%40livia%2Fchat", "@livia%2fchat", "%40livia/chat"]
)
@pytest.mark.parametrize("base", ["/api/v1", "/api"])
@pytest.mark.usefixtures("chat")
def test_scoped_names_raw_and_encoded(reader: httpx.Client, base: str, name: str) -> None:
    for rest in ("", "/versions", "/1.0.0", "/dependents", "/stats"):
        answer = reader.get(f"{base}/plugins/{name}{rest}")
        assert answer.status_code == 200
        assert rest == "/dependents" or answer.json()["name"] == "@livia/chat"
    assert reader.get(f"{base}/plugins/{name}/readme").text.startswith("# @livia/chat")
    assert reader.get(f"{base}/plugins/{name}/latest/download").content == PACKAGE


@pytest.mark.usefixtures("chat")
def test_resuming_gives_the_whole_file(reader: httpx.Client) -> None:
    first = reader.get(PATH, headers={"Range": "bytes=0-9999"})
    etag = first.headers["ETag"]
    rest = reader.get(PATH, headers={"Range": "bytes=10000-", "If-Range": etag})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert rest.headers["Content-Range"] == f"bytes 10000-{SIZE - 1}/{SIZE}"
    assert first.content + rest.content == PACKAGE
    other = reader.get(PATH, headers={"Range": "bytes=10000-", "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, PACKAGE)


@pytest.mark.usefixtures("chat")
def test_range_outside_the_file(reader: httpx.Client) -> None:
    answer = reader.get(PATH, headers={"Range": f"bytes={SIZE}-"})
    check_problem(answer, 416, "range-not-satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize("takes", ["identity", "gzip"])
@pytest.mark.parametrize(
    "path", [PATH, "/api/v1/plugins/@livia/chat/readme", "/api/v1/openapi.json"]
)
def test_unchanged_and_head_have_no_body(reader: httpx.Client, path: str, takes: str) -> None:
    headers = {"Accept-Encoding": takes}
    got = reader.get(path, headers=headers)
    etag = got.headers["ETag"]
    # One connection for all three: a body that should not be there would break the next answer.
    unchanged = reader.get(path, headers={**headers, "If-None-Match": etag})
    head = reader.head(path, headers=headers)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert (head.status_code, head.content) == (200, b"")
    for answer in (unchanged, head):
        assert answer.headers["ETag"] == etag
        # What is compressed has a random length.
        if "Content-Encoding" not in got.headers:
            assert answer.headers["Content-Length"] == str(len(got.content))
    assert "Content-Type" not in unchanged.headers
    assert reader.get(path, headers=headers).content == got.content


def test_body_in_chunks_is_told_to_have_a_length(author: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"--b\r\n"

    for path in ("/api/v1/plugins", "/api/v1/plugins/@livia/chat/1.0.0/yank"):
        # The rest of the body is not read, so the connection is not used again.
        headers = {"Content-Type": "multipart/form-data; boundary=b", "Connection": "close"}
        check_problem(author.post(path, content=chunks(), headers=headers), 411, "length-required")


def test_upload_over_the_limit_is_told_so(author: httpx.Client) -> None:
    """Before it is read: the answer comes through although most of the body is never sent."""
    sent_bytes = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent_bytes
        while sent_bytes < 1 << 30:
            sent_bytes += 1 << 20
            yield bytes(1 << 20)

    headers = {
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": str(1 << 30),
        "Connection": "close",
    }
    answer = author.post("/api/v1/plugins", content=chunks(), headers=headers)
    check_problem(answer, 413, "upload-too-large")
    assert answer.json()["limitBytes"] == ArchiveLimits().archive_bytes
    assert sent_bytes < 1 << 29


def test_aborted_upload_leaves_nothing(
    live_registry: LiveRegistry, token: str, author: httpx.Client
) -> None:
    """The client is gone after a third of the body."""
    head = (
        f"POST /api/v1/plugins HTTP/1.1\r\nHost: 127.0.0.1:{live_registry.port}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        "Content-Length: 3000000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="package"; filename="p"\r\n\r\n'
    )
    with socket.create_connection(("127.0.0.1", live_registry.port)) as connection:
        connection.sendall(head.encode() + bytes(1_000_000))
    scratch = live_registry.data_dir / "scratch"
    wait_until(lambda: [p for p in scratch.rglob("*") if p.is_file() and p.name != ".lock"] == [])
    assert publish(author, make_package("@livia/next"), wait=30).status_code == 201
    assert "api_failed" not in live_registry.logs


@pytest.mark.parametrize("path", ["/api/v1/plugins/x/%00", "/api/v1/%F0%9F", "/api/v1/%00"])
def test_odd_paths_are_not_found(reader: httpx.Client, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == PROBLEM


def test_unknown_host_is_refused(reader: httpx.Client) -> None:
    check_problem(
        reader.get("/api/v1/plugins", headers={"Host": "evil.example"}), 400, "malformed-request"
    )


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_uploads_stay_light(
    live_registry: LiveRegistry, author: httpx.Client, name: str
) -> None:
    """Refused within the memory that the samples' list allows (256 MiB) on top of what runs."""
    answer = publish(author, shared_data("archives", "samples", name).read_bytes())
    assert 400 <= answer.status_code < 500, answer.text
    for process in live_registry.list_processes():
        assert read_peak_bytes(process) < 400 << 20


def read_peak_bytes(process: psutil.Process) -> int:
    """The most memory that a process has held since it started."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert match
    return int(match[1]) << 10


@pytest.mark.usefixtures("chat")
def test_many_readers_at_once(live_registry: LiveRegistry) -> None:
    """Forty threads, each the whole file: every byte arrives."""
    failures: list[object] = []

    def read() -> None:
        with live_registry.client() as client:
            for _ in range(3):
                answer = client.get(PATH)
                if answer.content != PACKAGE:
                    failures.append(answer.status_code)

    threads = [threading.Thread(target=read) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
