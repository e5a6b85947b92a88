"""Let the gateway send packages (`common.gateway_protocol`)."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from common.gateway_protocol import BYTES_HEADER, FETCH_HEADER, FILE_HEADER, LENGTH_HEADER
from registry.downloads.sending.base import Transfer
from registry.downloads.sending.stream import StreamSender
from registry.storage import get_store

# The gateway uses the URL at once, and starts only one request with it.
_URL_SECONDS = 60


class GatewaySender:
    """Responds without a body and names the file, or its URL on S3. The gateway adds the bytes."""

    def send(self, transfer: Transfer) -> HttpResponseBase:
        """Respond with the headers of the real response, and those for the gateway."""
        source = _find_source(transfer.key)
        if not source:
            return StreamSender().send(transfer)
        headers = {**transfer.build_range_headers(), **source}
        # With the real length, granian would close the connection after a response without a body.
        headers[LENGTH_HEADER], headers["Content-Length"] = headers["Content-Length"], "0"
        if transfer.part is not None:
            headers[BYTES_HEADER] = f"{transfer.part.start}-{transfer.part.stop}"
        response = HttpResponse(status=transfer.status, headers=headers)
        transfer.mark(response)
        transfer.record()
        return response

    def list_hosts(self) -> Sequence[str]:
        """No other host."""
        return ()


def _find_source(key: str) -> dict[str, str]:
    """The header that names the bytes. Empty for a path that a header cannot contain."""
    store = get_store()
    path = store.find_path(key)
    if path is not None:
        text = str(path)
        return {FILE_HEADER: text} if text.isascii() and text.isprintable() else {}
    url = store.find_signed_url(key, seconds=_URL_SECONDS)
    return {FETCH_HEADER: url} if url else {}
