"""What bytes are, told by the bytes."""

from __future__ import annotations

import re

SVG = "image/svg+xml"
_STARTS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_AVIF_BRANDS = (b"avif", b"avis")
# An SVG begins with its root, after at most a declaration, comments and a document type.
_PROLOGUE = 16_384
_SVG = re.compile(
    r"(?:\s++|<\?[^>]*+>|<!--(?:[^-]|-(?!->))*+-->|<!DOCTYPE\s[^>\[]*+(?:\[[^\]]*+\]\s*+)?+>)*+<svg[\s>/]",
    re.IGNORECASE,
)


def sniff_image(data: bytes) -> str | None:
    """The media type of a picture that browsers show; None for anything else."""
    for start, media_type in _STARTS.items():
        if data.startswith(start):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in _AVIF_BRANDS:
        return "image/avif"
    text = data[:_PROLOGUE].decode("utf-8-sig", errors="replace")
    return SVG if _SVG.match(text) else None
