"""Response bodies that are compressed once and sent many times. Without Django."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompressedBody:
    """A body as gzip, with the ETag and the length of the body before."""

    gzip: bytes
    etag: str
    size_bytes: int


def compress_body(body: bytes) -> CompressedBody:
    """Compress the body; 3 MB take 50 ms."""
    return CompressedBody(gzip.compress(body, 6, mtime=0), compute_etag(body), len(body))


def compute_etag(body: bytes) -> str:
    """The strong ETag of a body."""
    # Not for security: the digest only has to differ when the body does.
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
