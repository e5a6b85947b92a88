"""A cache of images on disk by URL, with a limit on the total size.

A value is a line of JSON with metadata, followed by the content of the image.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from common.disk_cache import DiskCache


@dataclass(frozen=True, slots=True)
class Entry:
    """A cached image, or a cached `failure`. Times are Unix timestamps in seconds."""

    media_type: str
    body: bytes
    fetched_at: float
    good_until: float
    failure: str = ""

    @property
    def etag(self) -> str:
        """The strong ETag of the content."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


class ImageDiskCache:
    """Cached images in a folder, up to `max_bytes`."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._values = DiskCache(folder, max_bytes)

    def get(self, url: str) -> Entry | None:
        """The entry for the URL, even if it is expired; None if there is none or it is unreadable."""
        header, line_end, body = (self._values.get(url) or b"").partition(b"\n")
        try:
            return Entry(body=body, **json.loads(header)) if line_end else None
        except (ValueError, TypeError):
            return None

    def put(self, url: str, entry: Entry) -> None:
        """Store the entry. A failing disk is only logged; the next request fetches the image again."""
        header = {
            "media_type": entry.media_type,
            "fetched_at": entry.fetched_at,
            "good_until": entry.good_until,
            "failure": entry.failure,
        }
        self._values.put(url, json.dumps(header).encode() + b"\n" + entry.body)
