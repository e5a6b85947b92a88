"""Digest value objects: an algorithm and its value, never a bare hex string.

The text form in documents and lockfiles is Subresource Integrity (https://www.w3.org/TR/SRI/):
`sha512-` followed by base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import BinaryIO, Literal, Self, cast

from msgspec import Struct

from plugport.spec.errors import InvalidDigestError

Algorithm = Literal["sha256", "sha512"]

_SIZES: dict[str, int] = {"sha256": 32, "sha512": 64}
_HEX = re.compile(r"[0-9a-f]+\Z")
CHUNK_BYTES = 1 << 20


class Digest(Struct, frozen=True, order=True):
    """The digest of stored bytes: the algorithm and its value in lowercase hex."""

    algorithm: Algorithm
    hex: str

    def __post_init__(self) -> None:
        size = _SIZES.get(self.algorithm)
        if size is None or len(self.hex) != 2 * size or not _HEX.match(self.hex):
            raise InvalidDigestError(f"`{self.hex[:140]}` is not a {self.algorithm[:20]} digest")

    @classmethod
    def from_bytes(cls, algorithm: Algorithm, value: bytes) -> Self:
        """Build a digest from its raw bytes."""
        return cls(algorithm, value.hex())

    @classmethod
    def parse_sri(cls, text: str) -> Self:
        """Parse `sha256-…` or `sha512-…` (base64). Raises `InvalidDigestError`."""
        algorithm, _, encoded = text.partition("-")
        try:
            # Without validation, other characters are ignored: several texts would be one digest.
            value = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            value = b""
        if _SIZES.get(algorithm) != len(value):
            raise InvalidDigestError(
                f"`{text[:140]}` is not an integrity value",
                hint="Expected `sha256-` or `sha512-` followed by base64.",
            )
        return cls.from_bytes(cast("Algorithm", algorithm), value)

    @property
    def raw(self) -> bytes:
        """The value in bytes."""
        return bytes.fromhex(self.hex)

    @property
    def sri(self) -> str:
        """The digest as Subresource Integrity text."""
        return f"{self.algorithm}-{base64.b64encode(self.raw).decode('ascii')}"

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


class Digester:
    """Compute the size, SHA-256 and SHA-512 of a stream in one pass."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512()
        self.size_bytes = 0

    def update(self, chunk: bytes) -> None:
        """Add the next bytes of the stream."""
        self._sha256.update(chunk)
        self._sha512.update(chunk)
        self.size_bytes += len(chunk)

    @property
    def sha256(self) -> Digest:
        """The SHA-256 of the bytes added so far."""
        return Digest("sha256", self._sha256.hexdigest())

    @property
    def sha512(self) -> Digest:
        """The SHA-512 of the bytes added so far."""
        return Digest("sha512", self._sha512.hexdigest())


def digest_stream(stream: BinaryIO) -> Digester:
    """Read a stream to its end, in chunks of `CHUNK_BYTES`, and return its digests and size."""
    digester = Digester()
    while chunk := stream.read(CHUNK_BYTES):
        digester.update(chunk)
    return digester
