"""Detect the media type of an image by its content, because names and headers are untrusted."""

from __future__ import annotations

import re

SVG = "image/svg+xml"
_MAGIC_NUMBERS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_AVIF_BRANDS = (b"avif", b"avis")
# The root element of an SVG can follow an XML declaration, comments and a document type.
_MAX_PROLOGUE_BYTES = 16_384
_SVG = re.compile(
    r"(?:\s++|<\?[^>]*+>|<!--(?:[^-]|-(?!->))*+-->|<!DOCTYPE\s[^>\[]*+(?:\[[^\]]*+\]\s*+)?+>)*+<svg[\s>/]",
    re.IGNORECASE,
)


def sniff_image(data: bytes) -> str | None:
    """The media type of an image that browsers display; None for any other content."""
    for start, media_type in _MAGIC_NUMBERS.items():
        if data.startswith(start):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in _AVIF_BRANDS:
        return "image/avif"
    text = data[:_MAX_PROLOGUE_BYTES].decode("utf-8-sig", errors="replace")
    return SVG if _SVG.match(text) else None
