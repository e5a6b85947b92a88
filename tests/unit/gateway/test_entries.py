"""Stored answers: encodings, and the answers to conditional requests."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.entries import Entry, accepts_gzip, matches_etag

HEADERS = [(b"content-type", b"text/html; charset=utf-8"), (b"etag", b'"abc"')]


def build_entry(body: bytes, headers: list[tuple[bytes, bytes]] | None = None) -> Entry:
    return Entry(headers=headers or HEADERS, body=body, change_number=0, expires_at=1e9)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (b"", False),
        (b"identity", False),
        (b"gzip", True),
        (b"GZIP, br", True),
        (b"br, gzip;q=0.5", True),
        (b"gzip;q=0", False),
        (b"gzip; q=0.000", False),
        (b"*", True),
        (b"*;q=0", False),
        (b"gzip;q=0, *", False),
        (b"x-gzip-like", False),
    ],
)
def test_accept_encoding(header: bytes, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        (b'"abc"', True),
        (b'W/"abc"', True),
        (b'"x", W/"abc"', True),
        (b"*", True),
        (b'"abcd"', False),
        (b"abc", False),
        (b"", False),
    ],
)
def test_if_none_match(condition: bytes, matches: bool) -> None:
    assert matches_etag(condition, b'"abc"') is matches


@given(st.binary(max_size=5_000))
def test_each_encoding_has_the_same_content(body: bytes) -> None:
    entry = build_entry(body)
    plain, packed = entry.select(b"identity"), entry.select(b"gzip")
    assert plain.body == body
    headers = dict(packed.headers)
    if b"content-encoding" in headers:
        assert gzip.decompress(packed.body) == body
        # Two representations must not share a strong ETag (RFC 9110, section 8.8.3.3).
        assert headers[b"etag"] == b'W/"abc"'
    else:
        assert packed == plain
    for message in (plain, packed):
        assert dict(message.headers)[b"content-length"] == b"%d" % len(message.body)


def test_packages_are_not_compressed() -> None:
    entry = build_entry(b"x" * 5_000, [(b"content-type", b"application/gzip")])
    assert entry.select(b"gzip") == entry.plain


def test_unchanged_has_the_etag_of_its_encoding_and_no_content_headers() -> None:
    entry = build_entry(b"x" * 5_000)
    assert entry.find_unchanged(b'"abc"', b"identity") == [(b"etag", b'"abc"')]
    assert entry.find_unchanged(b'"abc"', b"gzip") == [(b"etag", b'W/"abc"')]
    assert entry.find_unchanged(b'"other"', b"gzip") is None
