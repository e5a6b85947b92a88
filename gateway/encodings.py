"""Encodings of stored bodies, and the choice of one by `Accept-Encoding` (RFC 9110, section 12.5.3)."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import brotli

# Not the threads of files: a disk that hangs must not stop new pages.
_THREADS = ThreadPoolExecutor(2, "compression")
Headers = list[tuple[bytes, bytes]]
Result = TypeVar("Result")
IDENTITY, GZIP, BROTLI = b"identity", b"gzip", b"br"
# Shorter bodies do not get smaller by it.
_MIN_COMPRESSED_BYTES = 200
# Compressing more than that would delay all other clients: it is done in a thread.
_MAX_BYTES_AT_ONCE = 8 << 10
# Long headers are not worth a place among those that are kept.
_MAX_ACCEPT_BYTES = 200
_COMPRESSIBLE = (b"text/", b"application/json", b"application/xml", b"application/atom+xml")
_COMPRESSIBLE_TYPES = frozenset({b"image/svg+xml", b"application/vnd.oai.openapi+json"})
# `identity` is acceptable without being listed; a client that lists others prefers those.
_IDENTITY_QUALITY = 0.0001
_GZIP_LEVEL = 6
# As fast as gzip at its level, with a tenth less. Higher ones take several times as long.
_BROTLI_QUALITY = 5


@dataclass(slots=True, frozen=True)
class Message:
    """The headers and the body for one kind of request."""

    headers: Headers
    body: bytes


def choose_encoding(accept_encoding: bytes, offered: Collection[bytes]) -> bytes:
    """The encoding that the client prefers among `offered` and `identity`.

    Of several with the same weight, the one that makes bodies smallest. `identity` if it accepts none:
    a server may disregard the header (RFC 9110, section 12.5.3).
    """
    if len(accept_encoding) > _MAX_ACCEPT_BYTES:
        return IDENTITY
    for name in _rank_encodings(accept_encoding):
        if name in offered or name == IDENTITY:
            return name
    return IDENTITY


# Browsers and programs send few different ones.
@lru_cache(maxsize=256)
def _rank_encodings(accept_encoding: bytes) -> tuple[bytes, ...]:
    quality_by_name: dict[bytes, float] = {}
    for part in accept_encoding.lower().split(b","):
        name, _, parameters = part.partition(b";")
        quality_by_name[name.strip()] = _parse_quality(parameters)
    others = quality_by_name.get(b"*", 0.0)
    known = ((BROTLI, others), (GZIP, others), (IDENTITY, _IDENTITY_QUALITY))
    ranked = [(quality_by_name.get(name, default), name) for name, default in known]
    ranked.sort(key=lambda pair: pair[0], reverse=True)
    return tuple(name for quality, name in ranked if quality > 0)


def _parse_quality(parameters: bytes) -> float:
    """The weight in `;q=0.5`: 1 without one, 0 for one that is not a number from 0 to 1."""
    parameters = parameters.strip()
    if not parameters:
        return 1.0
    name, _, value = parameters.partition(b"=")
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if name.strip() == b"q" and 0 <= quality <= 1 else 0.0


async def compress_all(headers: Headers, body: bytes) -> dict[bytes, Message]:
    """The messages of a body by encoding, without `identity`. Empty for content that is not compressed."""
    if not _is_compressible(headers, body):
        return {}
    return await _run(body, lambda: _build_all(headers, body))


async def compress_secret(headers: Headers, body: bytes, padding: int) -> Message | None:
    """The message with gzip and `padding` bytes; None for content that is not compressed.

    The padding hides the exact size of a body with secrets (BREACH, CVE-2013-3587).
    """
    if not _is_compressible(headers, body):
        return None
    return await _run(body, lambda: _build(headers, GZIP, _pack_gzip(body, padding)))


async def _run(body: bytes, work: Callable[[], Result]) -> Result:
    if len(body) <= _MAX_BYTES_AT_ONCE:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)


def _build_all(headers: Headers, body: bytes) -> dict[bytes, Message]:
    packed = {
        BROTLI: brotli.compress(body, mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY),
        GZIP: _pack_gzip(body, 0),
    }
    return {name: _build(headers, name, content) for name, content in packed.items()}


def _build(headers: Headers, encoding: bytes, content: bytes) -> Message:
    kept = [pair for pair in weaken_etag(headers) if pair[0] != b"content-length"]
    length = (b"content-length", b"%d" % len(content))
    return Message([*kept, (b"content-encoding", encoding), length], content)


def _pack_gzip(body: bytes, padding: int) -> bytes:
    packed = io.BytesIO()
    # The name in the header of the format, which readers skip (RFC 1952, section 2.3.1).
    name = "x" * padding
    with gzip.GzipFile(name, "wb", compresslevel=_GZIP_LEVEL, fileobj=packed, mtime=0) as file:
        file.write(body)
    return packed.getvalue()


def weaken_etag(headers: Headers) -> Headers:
    """The headers with a weak ETag: the bytes of the encoding differ from those it stands for."""
    return [
        (name, b"W/" + value if name == b"etag" and not value.startswith(b"W/") else value)
        for name, value in headers
    ]


def _is_compressible(headers: Headers, body: bytes) -> bool:
    if len(body) < _MIN_COMPRESSED_BYTES:
        return False
    for name, value in headers:
        if name == b"content-type":
            media_type = value.partition(b";")[0].strip()
            return media_type.startswith(_COMPRESSIBLE) or media_type in _COMPRESSIBLE_TYPES
    return False
