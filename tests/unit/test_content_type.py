"""Content types of images, detected from their bytes."""

from __future__ import annotations

import pytest

from marketplace.images.content_type import sniff_image
from tests.support.pictures import GIF, PNG, SCRIPTED_SVG, SVG


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PNG, "image/png"),
        (GIF, "image/gif"),
        (b"\xff\xd8\xff\xe0JFIF", "image/jpeg"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x20ftypavif", "image/avif"),
        (SVG, "image/svg+xml"),
        (SCRIPTED_SVG, "image/svg+xml"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a - b -->\n' + SVG, "image/svg+xml"),
        (b'<!DOCTYPE svg PUBLIC "-//W3C" "x" [<!ENTITY a "b">]>\n<svg>', "image/svg+xml"),
        (b"\n\n<SVG\n>", "image/svg+xml"),
    ],
)
def test_pictures(data: bytes, media_type: str):
    """Each format is detected by its first bytes."""
    assert sniff_image(data) == media_type


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"<!doctype html><p>", b"<html><svg></svg></html>", b"plain <svg>", b"%PDF-1.7"),
        *(b"\x89PNG", b"RIFF\x10\x00\x00\x00WAVEfmt ", b"\x00\x00\x00\x20ftypisom", b"<svgx>"),
        *(b"<!-- <svg> -->", b"<!--" * 9_000, b"<?" * 9_000, b" " * 90_000 + b"<svg>", b"BM" + SVG),
    ],
)
def test_others(data: bytes):
    """Other data is not an image, and hostile prefixes take linear time at most."""
    assert sniff_image(data) is None
