"""What decides whether and where an answer is stored."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.request import GatewayRequest

HOST = (b"host", b"registry.example")


def build_request(*headers: tuple[bytes, bytes], proxies: int = 0, **parts: Any) -> GatewayRequest:
    scope = {
        "method": "GET",
        "raw_path": b"/plugins/a",
        "path": "/plugins/a",
        "query_string": b"",
        "client": ("192.0.2.1", 4711),
        "headers": [HOST, *headers],
        **parts,
    }
    return GatewayRequest(scope, proxies, ())


@pytest.mark.parametrize(
    "headers",
    [
        [(b"authorization", b"Bearer x")],
        [(b"cookie", b"sessionid=x")],
        [(b"cookie", b"theme=dark;sessionid = x")],
        [(b"cookie", b"messages=x")],
        [(b"cookie", b"a=b"), (b"cookie", b"sessionid=x")],
        [(b"range", b"bytes=0-1")],
        [(b"content-length", b"5")],
        [(b"connection", b"close, cookie")],
        [(b"host", b"other.example")],
    ],
)
def test_not_for_everyone(headers: list[tuple[bytes, bytes]]) -> None:
    assert not build_request(*headers).is_cacheable()


@pytest.mark.parametrize(
    "headers",
    [[], [(b"cookie", b"csrftoken=x; theme=dark")], [(b"connection", b"Keep-Alive")]],
)
def test_for_everyone(headers: list[tuple[bytes, bytes]]) -> None:
    assert build_request(*headers).is_cacheable()


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        (b"/plugins/a", b"", "/plugins/a"),
        (b"/plugins/%40a%2Fb", b"a=%C3%BC&b=[]", "/plugins/%40a%2Fb?a=%C3%BC&b=[]"),
        ("/plugins/ü".encode(), "q=nöthing".encode(), "/plugins/%C3%BC?q=n%C3%B6thing"),
        (b"/plugins/a", b"q=\xff", "/plugins/a?q=%FF"),
    ],
)
def test_bytes_that_are_not_ascii_are_percent_encoded(
    path: bytes, query: bytes, target: str
) -> None:
    assert build_request(raw_path=path, query_string=query).target == target


@pytest.mark.parametrize(
    ("text", "size"),
    [(b"", 0), (b"20", 20), (b"0" * 30 + b"20", 20), (b"-1", 0), (b"9" * 5_000, 10**18 - 1)],
)
def test_the_declared_size_of_a_body(text: bytes, size: int) -> None:
    assert build_request((b"content-length", text)).content_length == size


def test_what_is_encoded_counts_as_what_it_means() -> None:
    """Django decodes the path, so it must not evade a limit."""
    download = build_request(
        raw_path=b"/api/v1/plugins/a/1.0.0/downloa%64", path="/api/v1/plugins/a/1.0.0/download"
    )
    assert download.is_download
    assert download.is_api
    upload = build_request(method="POST", raw_path=b"/api/v1/plugin%73", path="/api/v1/plugins")
    assert upload.is_upload


def test_writes_are_not_stored() -> None:
    assert not build_request(method="POST").is_cacheable()


def test_http_and_https_have_different_answers_behind_a_proxy() -> None:
    """Plain HTTP is redirected, and a stored page must not replace the redirect."""
    secure, plain = (b"x-forwarded-proto", b"https"), (b"x-forwarded-proto", b"http")
    assert build_request(secure, proxies=1).key != build_request(plain, proxies=1).key
    # Any client can send the header.
    assert build_request(secure).key == build_request(plain).key


def test_the_client_is_the_address_that_connected_to_the_outermost_proxy() -> None:
    forwarded = (b"x-forwarded-for", b"203.0.113.9, 198.51.100.7")
    assert build_request(forwarded).network == "192.0.2.1"
    assert build_request(forwarded, proxies=1).network == "198.51.100.7"
    assert build_request((b"x-forwarded-for", b"x" * 900), proxies=1).network == "unknown"


@pytest.mark.parametrize("path", ["/-/gateway/records", "/-/gateway/"])
def test_paths_of_the_protocol(path: str) -> None:
    assert build_request(path=path).is_internal
