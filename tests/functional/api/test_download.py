"""`/plugins/{name}/{version}/download`: digests, ranges, conditions, caches (API-5, RFC 9110)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from tests.functional.api.calls import Api, expect_problem
from tests.support.publishing import Publisher, make_package

PATH = "/plugins/@ada/chat/1.0.0/download"
PACKAGE = make_package("@ada/chat")
SIZE = len(PACKAGE)
ETAG = f'"{hashlib.sha256(PACKAGE).hexdigest()}"'
SHA256 = base64.b64encode(hashlib.sha256(PACKAGE).digest()).decode()
SHA512 = base64.b64encode(hashlib.sha512(PACKAGE).digest()).decode()


pytestmark = pytest.mark.usefixtures("_chat", "_module_packages")


@pytest.fixture(scope="module")
def _chat(module_publisher: Publisher) -> None:
    """`@ada/chat` 1.0.0, which is `PACKAGE`."""
    module_publisher.publish("@ada/chat")


def check_description(answer: Any) -> None:
    """The headers that describe the whole file, whatever part is sent."""
    assert answer.headers["ETag"] == ETAG
    assert answer.headers["Digest"] == f"sha-256={SHA256}"
    assert answer.headers["Repr-Digest"] == f"sha-256=:{SHA256}:, sha-512=:{SHA512}:"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers


def test_whole_file(api: Api) -> None:
    answer = api.get(PATH)
    assert answer.status_code == 200
    assert answer.getvalue() == PACKAGE
    assert answer.headers["Content-Type"] == "application/gzip"
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="ada-chat-1.0.0.tgz"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Range" not in answer.headers
    check_description(answer)


def test_dist_tag_may_not_be_kept(api: Api) -> None:
    answer = api.get("/plugins/@ada/chat/latest/download")
    assert answer.getvalue() == PACKAGE
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert answer.headers["ETag"] == ETAG


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=0-", 0, SIZE),
        ("bytes=100-", 100, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-20", SIZE - 20, SIZE),
        (f"bytes=-{SIZE}", 0, SIZE),
        ("bytes=-99999999", 0, SIZE),
        ("bytes=10-99999999", 10, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=0-9999999999999999999", 0, SIZE),
        ("bytes=0000000000000000001-2", 1, 3),
    ],
)
def test_ranges(api: Api, header: str, start: int, stop: int) -> None:
    answer = api.get(PATH, headers={"Range": header})
    assert answer.status_code == 206
    assert answer.getvalue() == PACKAGE[start:stop]
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.headers["Content-Length"] == str(stop - start)
    check_description(answer)


@pytest.mark.parametrize(
    "header",
    [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=9999999999999999999-", "bytes=-0"],
)
def test_ranges_outside_the_file(api: Api, header: str) -> None:
    answer = api.get(PATH, headers={"Range": header})
    problem = expect_problem(answer, 416, "range-not-satisfiable")
    assert f"{SIZE:,} bytes" in problem["detail"]
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "header",
    [
        "bytes=0-1,5-6",
        "bytes=0-1, -5",
        "bytes=9-5",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=1",
        "bytes=--5",
        "bytes=1.5-3",
        "bytes=+1-3",
        "bytes=99999999999999999999-",
        "items=0-1",
        "0-1",
        "",
        "bytes=0-1\t\tx",
        "bytes=" + "0-1," * 2000,
    ],
)
def test_several_or_malformed_ranges_give_the_whole_file(api: Api, header: str) -> None:
    answer = api.get(PATH, headers={"Range": header})
    assert answer.status_code == 200
    assert answer.getvalue() == PACKAGE


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (ETAG, 206),
        (f"W/{ETAG}", 200),
        ('"other"', 200),
        ("*", 200),
        (ETAG.strip('"'), 200),
        ("Wed, 21 Oct 2037 07:28:00 GMT", 200),
    ],
)
def test_if_range(api: Api, condition: str, status: int) -> None:
    answer = api.get(PATH, headers={"Range": "bytes=5-9", "If-Range": condition})
    assert answer.status_code == status
    assert answer.getvalue() == (PACKAGE[5:10] if status == 206 else PACKAGE)


def test_if_range_alone_changes_nothing(api: Api) -> None:
    assert api.get(PATH, headers={"If-Range": ETAG}).status_code == 200


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (ETAG, 304),
        (f"W/{ETAG}", 304),
        (f'"a", {ETAG}', 304),
        ("*", 304),
        ('"a", W/"b"', 200),
        ("garbage", 200),
        ("", 200),
    ],
)
def test_if_none_match(api: Api, header: str, status: int) -> None:
    answer = api.get(PATH, headers={"If-None-Match": header})
    assert answer.status_code == status
    check_description(answer)
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.getvalue() == (b"" if status == 304 else PACKAGE)
    assert ("Content-Type" in answer.headers) is (status == 200)


def test_condition_comes_before_the_range(api: Api) -> None:
    answer = api.get(PATH, headers={"If-None-Match": ETAG, "Range": f"bytes={SIZE}-"})
    assert answer.status_code == 304


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=5-9"}, {"Range": f"bytes={SIZE}-"}])
def test_head_describes_the_whole_file(api: Api, headers: dict[str, str]) -> None:
    """Ranges are defined for GET alone (RFC 9110, section 14.2)."""
    answer = api.call("HEAD", PATH, headers=headers)
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Content-Type"] == "application/gzip"
    assert "Content-Range" not in answer.headers
    check_description(answer)
