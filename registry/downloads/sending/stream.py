"""Send packages from this process. The thread of the request is occupied until the last byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase

from registry.downloads.sending.base import Transfer
from registry.storage import get_store


class StreamSender:
    """Reads the package from the store in chunks. Works everywhere."""

    def send(self, transfer: Transfer) -> HttpResponseBase:
        """Respond with the bytes."""
        sent = transfer.sent
        chunks = get_store().open_range(transfer.key, sent.start, sent.stop)
        return StreamingHttpResponse(
            _record_chunks(chunks, transfer),
            status=transfer.status,
            headers=transfer.build_range_headers(),
        )

    def list_hosts(self) -> Sequence[str]:
        """No other host."""
        return ()


def _record_chunks(chunks: Iterator[bytes], transfer: Transfer) -> Iterator[bytes]:
    """Pass the chunks on, and record at the end which bytes the client received."""
    stop = transfer.sent.start
    try:
        for chunk in chunks:
            yield chunk
            # Only now: a client that disconnects ends the generator at `yield`.
            stop += len(chunk)
    finally:
        if close := getattr(chunks, "close", None):
            close()
        transfer.record(stop)
