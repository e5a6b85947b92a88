"""The API over real sockets: granian and a worker, called with httpx.

For behavior that the test client cannot show: the web server's handling of paths, bodies, ranges and HEAD, that
the worker is woken, and the memory for a hostile upload.
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
from tests.support.publishing import build_package
from tests.support.server import LiveRegistry, wait_until

pytestmark = pytest.mark.processes
PACKAGE = build_package("@livia/chat", files={"data.bin": random.Random(1).randbytes(300_000)})
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
    """A token of `livia` with every scope."""
    return live_registry.create_api_tokens("livia")["livia"]


@pytest.fixture
def author(live_registry: LiveRegistry, token: str) -> Iterator[httpx.Client]:
    """Calls as `livia`."""
    with live_registry.client(token) as client:
        yield client


@pytest.fixture
def reader(live_registry: LiveRegistry) -> Iterator[httpx.Client]:
    """Calls without a token."""
    with live_registry.client() as client:
        yield client


@pytest.fixture(scope="module")
def chat(live_registry: LiveRegistry, token: str) -> dict[str, Any]:
    """`@livia/chat` 1.0.0, published over HTTP with its checks done."""
    with live_registry.client(token) as client:
        response = publish(client, PACKAGE, wait=60)
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    assert document["state"] == "published"
    return document


def publish(client: httpx.Client, package: bytes, *, wait: int = 0) -> httpx.Response:
    return client.post(f"/api/v1/plugins?wait={wait}", files={"package": ("p.tgz", package)})


def check_problem(response: httpx.Response, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.headers["Content-Type"] == PROBLEM


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


def test_urls_in_responses_exist(chat: dict[str, Any], reader: httpx.Client) -> None:
    response = reader.get(chat["packageUrl"])
    assert response.content == PACKAGE
    assert response.headers["Content-Length"] == str(SIZE)


@pytest.mark.parametrize(
    "name", ["@livia/chat", "%40livia%2Fchat", "@livia%2fchat", "%40livia/chat"]
)
@pytest.mark.parametrize("base", ["/api/v1", "/api"])
@pytest.mark.usefixtures("chat")
def test_scoped_names_raw_and_encoded(reader: httpx.Client, base: str, name: str) -> None:
    for rest in ("", "/versions", "/1.0.0", "/dependents", "/stats"):
        response = reader.get(f"{base}/plugins/{name}{rest}")
        assert response.status_code == 200
        assert rest == "/dependents" or response.json()["name"] == "@livia/chat"
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
    response = reader.get(PATH, headers={"Range": f"bytes={SIZE}-"})
    check_problem(response, 416, "range-not-satisfiable")
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize("takes", ["identity", "gzip"])
@pytest.mark.parametrize(
    "path", [PATH, "/api/v1/plugins/@livia/chat/readme", "/api/v1/openapi.json"]
)
def test_unchanged_and_head_have_no_body(reader: httpx.Client, path: str, takes: str) -> None:
    headers = {"Accept-Encoding": takes}
    got = reader.get(path, headers=headers)
    etag = got.headers["ETag"]
    # On one connection: a body that should not be there would break the next response.
    unchanged = reader.get(path, headers={**headers, "If-None-Match": etag})
    head = reader.head(path, headers=headers)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert (head.status_code, head.content) == (200, b"")
    for response in (unchanged, head):
        assert response.headers["ETag"] == etag
    # Compressed responses have padding of a random length. A 304 may leave the length out (RFC 9110,
    # section 8.6).
    if "Content-Encoding" not in got.headers:
        assert head.headers["Content-Length"] == str(len(got.content))
        assert unchanged.headers.get("Content-Length") in (None, str(len(got.content)))
    assert "Content-Type" not in unchanged.headers
    assert reader.get(path, headers=headers).content == got.content


def test_chunked_body_requires_a_length(author: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"--b\r\n"

    for path in ("/api/v1/plugins", "/api/v1/plugins/@livia/chat/1.0.0/yank"):
        # The server does not read the rest of the body, so it closes the connection.
        headers = {"Content-Type": "multipart/form-data; boundary=b", "Connection": "close"}
        check_problem(author.post(path, content=chunks(), headers=headers), 411, "length-required")


def test_upload_over_the_limit_is_refused(author: httpx.Client) -> None:
    """The response arrives although most of the body is never sent."""
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
    response = author.post("/api/v1/plugins", content=chunks(), headers=headers)
    check_problem(response, 413, "upload-too-large")
    assert response.json()["limitBytes"] == ArchiveLimits().archive_bytes
    assert sent_bytes < 1 << 29


def test_aborted_upload_leaves_nothing(
    live_registry: LiveRegistry, token: str, author: httpx.Client
) -> None:
    """The client disconnects after a third of the body."""
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
    assert publish(author, build_package("@livia/next"), wait=60).status_code == 201
    assert "api_failed" not in live_registry.logs


@pytest.mark.parametrize("path", ["/api/v1/plugins/x/%00", "/api/v1/%F0%9F", "/api/v1/%00"])
def test_odd_paths_are_not_found(reader: httpx.Client, path: str) -> None:
    response = reader.get(path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == PROBLEM


def test_unknown_host_is_refused(reader: httpx.Client) -> None:
    check_problem(
        reader.get("/api/v1/plugins", headers={"Host": "evil.example"}), 400, "malformed-request"
    )


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_uploads_stay_light(
    live_registry: LiveRegistry, author: httpx.Client, name: str
) -> None:
    """Refused within the memory that the samples' list allows (256 MiB) on top of what runs."""
    package = shared_data("archives", "samples", name).read_bytes()
    # The peak starts anew: tests that ran before on this registry may have needed more.
    before = {process: reset_peak_bytes(process) for process in live_registry.list_processes()}
    response = publish(author, package)
    assert 400 <= response.status_code < 500, response.text
    for process, used_bytes in before.items():
        assert get_memory_bytes(process, "VmHWM") - used_bytes < 256 << 20


def reset_peak_bytes(process: psutil.Process) -> int:
    """Set the peak memory of a process to what it uses now (proc(5), `clear_refs`), and return that."""
    Path(f"/proc/{process.pid}/clear_refs").write_text("5", encoding="ascii")
    return get_memory_bytes(process, "VmRSS")


def get_memory_bytes(process: psutil.Process, field: str) -> int:
    """A memory field of `/proc/<pid>/status`: `VmRSS` is the use now, `VmHWM` its peak."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    match = re.search(rf"{field}:\s+(\d+) kB", status)
    assert match
    return int(match[1]) << 10


@pytest.mark.usefixtures("chat")
def test_many_readers_at_once(live_registry: LiveRegistry) -> None:
    """Forty threads each receive the whole file."""
    failures: list[object] = []

    def read() -> None:
        with live_registry.client() as client:
            for _ in range(3):
                response = client.get(PATH)
                if response.content != PACKAGE:
                    failures.append(response.status_code)

    threads = [threading.Thread(target=read) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
