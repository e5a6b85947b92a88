"""Downloads that the gateway serves from its cache (`common.gateway_protocol.RECORD_HEADER`).

A record is `download:RELEASE_ID:SIZE_BYTES`. The gateway stores it with the response and sends it back,
with the client and a number, for the responses that it sent.
"""

from __future__ import annotations

import re

from registry.downloads.counts import record_sent_bytes

_RECORD = re.compile(r"download:(\d{1,18}):(\d{1,18})\Z", re.ASCII)


def build_download_record(release_id: int, size_bytes: int) -> str:
    """The record of a response with a whole package."""
    return f"download:{release_id}:{size_bytes}"


def record_cached_download(record: str, *, client: str, count: int) -> None:
    """Record `count` responses with a whole package that the gateway sent to a client from its cache.

    `client` is what `get_client_network` returns. A client counts once for each release and day,
    however large `count` is. Raises `ValueError` for a text that is not such a record.
    """
    match = _RECORD.match(record)
    if match is None:
        raise ValueError(f"{record!r} is not the record of a download")
    release_id, size_bytes = int(match[1]), int(match[2])
    if count > 0:
        record_sent_bytes(
            release_id, client=client, size_bytes=size_bytes, start=0, stop=size_bytes
        )
