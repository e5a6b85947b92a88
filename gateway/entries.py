"""One stored answer: its final bytes for each encoding, and the answers to conditional requests."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass, field
from functools import lru_cache

Headers = list[tuple[bytes, bytes]]
# Sizes in memory beside the bodies, about: the objects and their headers.
_ENTRY_BYTES = 3_000
# Shorter bodies do not get smaller by it.
_MIN_COMPRESSED_BYTES = 200
_COMPRESSIBLE = (b"text/", b"application/json", b"application/xml", b"application/atom+xml")
# Long headers are not worth a place among those that are kept.
_MAX_ACCEPT_BYTES = 200
_COMPRESSIBLE_TYPES = frozenset({b"image/svg+xml", b"application/vnd.oai.openapi+json"})


@dataclass(slots=True, frozen=True)
class Message:
    """The headers and the body for one kind of request."""

    headers: Headers
    body: bytes


@dataclass(slots=True)
class Entry:
    """An answer with status 200.

    `headers` are those of the identity encoding, without the ones that each answer gets anew. `plugin`
    is the plugin on which it depends, or "" for any change. Times are monotonic.
    """

    headers: Headers
    body: bytes
    change_number: int
    expires_at: float
    stored_at: float = 0.0
    plugin: str = ""
    record: str = ""
    # A local file with the content, if it is too large for memory.
    file_path: str = ""
    file_bytes: int = 0
    etag: bytes = b""
    plain: Message = field(init=False)
    compressed: Message | None = field(init=False, default=None)
    unchanged: Headers = field(init=False)
    unchanged_compressed: Headers = field(init=False)
    size_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.etag = next((value for name, value in self.headers if name == b"etag"), b"")
        size = self.file_bytes if self.file_path else len(self.body)
        self.plain = Message([*self.headers, (b"content-length", b"%d" % size)], self.body)
        # RFC 9110, section 15.4.5: what a 200 would have, without what describes the body.
        kept = [pair for pair in self.headers if not pair[0].startswith(b"content-t")]
        self.unchanged = kept
        self.unchanged_compressed = _weaken(kept)
        self.compressed = compress(self.headers, self.body)
        self.size_bytes = _ENTRY_BYTES + len(self.body)
        if self.compressed:
            self.size_bytes += len(self.compressed.body)

    def select(self, accept_encoding: bytes) -> Message:
        """The message for a request with this `Accept-Encoding`."""
        if self.compressed is not None and accepts_gzip(accept_encoding[:_MAX_ACCEPT_BYTES]):
            return self.compressed
        return self.plain

    def find_unchanged(self, if_none_match: bytes, accept_encoding: bytes) -> Headers | None:
        """The headers of a 304, if the client has this answer (RFC 9110, section 13.1.2)."""
        if not self.etag or not matches_etag(if_none_match, self.etag):
            return None
        is_compressed = self.compressed is not None and accepts_gzip(
            accept_encoding[:_MAX_ACCEPT_BYTES]
        )
        return self.unchanged_compressed if is_compressed else self.unchanged


def matches_etag(if_none_match: bytes, etag: bytes) -> bool:
    """Whether a list of ETags contains the ETag by weak comparison, or is `*`."""
    if if_none_match.strip() == b"*":
        return True
    wanted = etag.removeprefix(b"W/")
    return any(part.strip().removeprefix(b"W/") == wanted for part in if_none_match.split(b","))


# Browsers and programs send few different ones.
@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: bytes) -> bool:
    """Whether the header allows gzip: named, or `*`, without `q=0` (RFC 9110, section 12.5.3)."""
    accept_encoding = accept_encoding.lower()
    if b"gzip" not in accept_encoding and b"*" not in accept_encoding:
        return False
    quality_by_name: dict[bytes, bool] = {}
    for part in accept_encoding.split(b","):
        name, _, parameters = part.partition(b";")
        quality = parameters.strip().removeprefix(b"q=").strip()
        quality_by_name[name.strip()] = quality.strip(b"0.") != b"" or quality == b""
    return quality_by_name.get(b"gzip", quality_by_name.get(b"*", False))


def compress(headers: Headers, body: bytes, *, padding: int = 0) -> Message | None:
    """The message with gzip; None for content that does not get smaller by it.

    `padding` bytes hide the exact size of a body with secrets (BREACH, CVE-2013-3587).
    """
    if not _is_compressible(headers) or len(body) < _MIN_COMPRESSED_BYTES:
        return None
    packed = io.BytesIO()
    # The name in the header of the format, which readers skip (RFC 1952, section 2.3.1).
    with gzip.GzipFile("x" * padding, "wb", compresslevel=6, fileobj=packed, mtime=0) as file:
        file.write(body)
    content = packed.getvalue()
    kept = [pair for pair in _weaken(headers) if pair[0] != b"content-length"]
    length = (b"content-length", b"%d" % len(content))
    return Message([*kept, (b"content-encoding", b"gzip"), length], content)


def _weaken(headers: Headers) -> Headers:
    """The headers with a weak ETag: the bytes of the encoding differ from those it stands for."""
    return [
        (name, b"W/" + value if name == b"etag" and not value.startswith(b"W/") else value)
        for name, value in headers
    ]


def _is_compressible(headers: Headers) -> bool:
    for name, value in headers:
        if name == b"content-type":
            media_type = value.partition(b";")[0].strip()
            return media_type.startswith(_COMPRESSIBLE) or media_type in _COMPRESSIBLE_TYPES
    return False
