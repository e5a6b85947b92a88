"""Stored answers: encodings, and the answers to conditional requests."""

from __future__ import annotations

import asyncio
import gzip

import brotli
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.encodings import BROTLI, GZIP, IDENTITY, choose_encoding, compress_all, compress_secret
from gateway.entries import Entry, matches_etag

HEADERS = [(b"content-type", b"text/html; charset=utf-8"), (b"etag", b'"abc"')]
DECODERS = {BROTLI: brotli.decompress, GZIP: gzip.decompress}


def build_entry(body: bytes, headers: list[tuple[bytes, bytes]] | None = None) -> Entry:
    headers = headers or HEADERS
    compressed = asyncio.run(compress_all(headers, body))
    return Entry(headers=headers, body=body, compressed=compressed, change_number=0, expires_at=1e9)


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (b"", IDENTITY),
        (b"identity", IDENTITY),
        (b"gzip", GZIP),
        (b"GZIP, br", BROTLI),
        (b"gzip, deflate, br, zstd", BROTLI),
        (b"br;q=0.5, gzip", GZIP),
        (b"br, gzip;q=0.5", BROTLI),
        (b"br ; q=0.5 , gzip;q=0.8", GZIP),
        (b"identity, gzip;q=0.5", IDENTITY),
        (b"gzip;q=0.001", GZIP),
        (b"gzip;q=0", IDENTITY),
        (b"gzip; q=0.000", IDENTITY),
        (b"*", BROTLI),
        (b"*;q=0", IDENTITY),
        (b"identity;q=0", IDENTITY),
        (b"gzip;q=0, *", BROTLI),
        (b"br;q=0, *", GZIP),
        (b"gzip;q=2, br;q=x", IDENTITY),
        (b"gzip;q=nan", IDENTITY),
        (b"x-gzip-like", IDENTITY),
        # Not cut off, which could turn a refusal into its opposite.
        (b"x" * 197 + b",br;q=0", IDENTITY),
    ],
)
def test_accept_encoding(header: bytes, chosen: bytes) -> None:
    assert choose_encoding(header, (GZIP, BROTLI)) == chosen


def test_only_offered_encodings_are_chosen() -> None:
    assert choose_encoding(b"br, gzip;q=0.1", (GZIP,)) == GZIP
    assert choose_encoding(b"br", (GZIP,)) == IDENTITY


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


@given(st.binary(max_size=20_000))
@example(b"x" * 100_000)
def test_each_encoding_has_the_same_content(body: bytes) -> None:
    entry = build_entry(body)
    assert entry.plain.body == body
    for encoding, decode in DECODERS.items():
        message = entry.select(encoding)
        headers = dict(message.headers)
        assert headers[b"content-length"] == b"%d" % len(message.body)
        if len(body) < 200:
            assert message == entry.plain
            continue
        assert headers[b"content-encoding"] == encoding
        assert decode(message.body) == body
        # Two representations must not share a strong ETag (RFC 9110, section 8.8.3.3).
        assert headers[b"etag"] == b'W/"abc"'


def test_padding_changes_the_size_only() -> None:
    body = b"secret " * 5_000
    messages = [asyncio.run(compress_secret(HEADERS, body, padding)) for padding in (0, 7, 99)]
    sizes = [len(message.body) for message in messages if message]
    assert sizes[1] - sizes[0] == 7 + 1  # with the end mark of the padding
    assert sizes[2] - sizes[0] == 99 + 1
    assert all(message and gzip.decompress(message.body) == body for message in messages)


def test_an_entry_counts_the_bytes_of_all_encodings() -> None:
    entry = build_entry(bytes(range(256)) * 100)
    bodies = [entry.body, *(each.body for each in entry.compressed.values())]
    assert len(bodies) == 3
    assert entry.size_bytes >= sum(map(len, bodies))


def test_packages_are_not_compressed() -> None:
    entry = build_entry(b"x" * 5_000, [(b"content-type", b"application/gzip")])
    assert entry.select(b"br, gzip") == entry.plain


def test_not_modified_has_the_etag_of_its_encoding_and_no_content_headers() -> None:
    entry = build_entry(b"x" * 5_000)
    assert entry.find_not_modified(b'"abc"', b"identity") == [(b"etag", b'"abc"')]
    assert entry.find_not_modified(b'"abc"', b"gzip") == [(b"etag", b'W/"abc"')]
    assert entry.find_not_modified(b'"other"', b"gzip") is None


@pytest.mark.parametrize("accept_encoding", [b"identity", b"gzip"])
def test_unchanged_names_no_file_for_nginx(accept_encoding: bytes) -> None:
    """nginx would send it with the 304."""
    kept = [(b"etag", b'"abc"'), (b"cache-control", b"public"), (b"content-security-policy", b"x")]
    of_the_file = [
        (b"x-accel-redirect", b"/protected-packages/a"),
        (b"content-type", b"application/gzip"),
        (b"content-disposition", b'attachment; filename="a.tgz"'),
    ]
    entry = build_entry(b"", [*of_the_file, *kept])
    assert entry.find_not_modified(b'"abc"', accept_encoding) == kept
    assert entry.select(accept_encoding).headers == [*of_the_file, *kept, (b"content-length", b"0")]
