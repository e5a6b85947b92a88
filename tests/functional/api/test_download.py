"""`/plugins/{name}/{version}/download`: digests, ranges, conditions, caches (RFC 9110)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from tests.functional.api.calls import Api, expect_problem
from tests.support.publishing import Publisher, build_package

PATH = "/plugins/@ada/chat/1.0.0/download"
PACKAGE = build_package("@ada/chat")
SIZE = len(PACKAGE)
ETAG = f'"{hashlib.sha256(PACKAGE).hexdigest()}"'
SHA256 = base64.b64encode(hashlib.sha256(PACKAGE).digest()).decode()
SHA512 = base64.b64encode(hashlib.sha512(PACKAGE).digest()).decode()


pytestmark = pytest.mark.usefixtures("_chat", "_module_packages")


@pytest.fixture(scope="module")
def _chat(module_publisher: Publisher) -> None:
    """`@ada/chat` 1.0.0, which is `PACKAGE`."""
    module_publisher.publish("@ada/chat")


def check_description(response: Any) -> None:
    """Return the headers that are the same for every range."""
    assert response.headers["ETag"] == ETAG
    assert response.headers["Digest"] == f"sha-256={SHA256}"
    assert response.headers["Repr-Digest"] == f"sha-256=:{SHA256}:, sha-512=:{SHA512}:"
    assert response.headers["Cache-Control"] == "public, max-age=300, stale-if-error=86400"
    assert response.headers["Surrogate-Key"] == "plugin-ada~chat release-ada~chat~1.0.0"
    assert response.headers["Cache-Tag"] == "plugin-ada~chat,release-ada~chat~1.0.0"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert "Set-Cookie" not in response.headers
    assert "Vary" not in response.headers


def test_whole_file(api: Api) -> None:
    response = api.get(PATH)
    assert response.status_code == 200
    assert response.getvalue() == PACKAGE
    assert response.headers["Content-Type"] == "application/gzip"
    assert response.headers["Content-Length"] == str(SIZE)
    assert response.headers["Content-Disposition"] == 'attachment; filename="ada-chat-1.0.0.tgz"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Range" not in response.headers
    check_description(response)


def test_dist_tag_may_not_be_kept(api: Api) -> None:
    response = api.get("/plugins/@ada/chat/latest/download")
    assert response.getvalue() == PACKAGE
    assert response.headers["Cache-Control"] == "public, no-cache"
    assert response.headers["Surrogate-Key"] == "plugin-ada~chat release-ada~chat~1.0.0"
    assert response.headers["ETag"] == ETAG


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
    response = api.get(PATH, headers={"Range": header})
    assert response.status_code == 206
    assert response.getvalue() == PACKAGE[start:stop]
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert response.headers["Content-Length"] == str(stop - start)
    check_description(response)


@pytest.mark.parametrize(
    "header",
    [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=9999999999999999999-", "bytes=-0"],
)
def test_ranges_outside_the_file(api: Api, header: str) -> None:
    response = api.get(PATH, headers={"Range": header})
    problem = expect_problem(response, 416, "range-not-satisfiable")
    assert f"{SIZE:,} bytes" in problem["detail"]
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"


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
    response = api.get(PATH, headers={"Range": header})
    assert response.status_code == 200
    assert response.getvalue() == PACKAGE


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
    response = api.get(PATH, headers={"Range": "bytes=5-9", "If-Range": condition})
    assert response.status_code == status
    assert response.getvalue() == (PACKAGE[5:10] if status == 206 else PACKAGE)


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
    response = api.get(PATH, headers={"If-None-Match": header})
    assert response.status_code == status
    check_description(response)
    assert response.headers["Content-Length"] == str(SIZE)
    assert response.getvalue() == (b"" if status == 304 else PACKAGE)
    assert ("Content-Type" in response.headers) is (status == 200)


def test_condition_comes_before_the_range(api: Api) -> None:
    response = api.get(PATH, headers={"If-None-Match": ETAG, "Range": f"bytes={SIZE}-"})
    assert response.status_code == 304


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=5-9"}, {"Range": f"bytes={SIZE}-"}])
def test_head_describes_the_whole_file(api: Api, headers: dict[str, str]) -> None:
    """Only GET has ranges (RFC 9110, section 14.2)."""
    response = api.call("HEAD", PATH, headers=headers)
    assert response.status_code == 200
    assert response.content == b""
    assert response.headers["Content-Length"] == str(SIZE)
    assert response.headers["Content-Type"] == "application/gzip"
    assert "Content-Range" not in response.headers
    check_description(response)
