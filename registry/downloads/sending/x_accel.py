"""Let nginx send packages from the package folder.

nginx ignores the body and most headers of a response with `X-Accel-Redirect`, sends the file, and
handles Range and If-Range itself. `docs/operations.md` has its configuration, which takes ETag and the
digests from this response. The gateway stores the response for a whole package, and passes on requests
with a Range header, because only this process can record parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from registry.downloads.sending.base import Transfer
from registry.downloads.sending.stream import StreamSender
from registry.storage import get_store


@dataclass(frozen=True, slots=True)
class XAccelSender:
    """Responds with the URL of the file in an internal location of nginx, `prefix`."""

    prefix: str

    def send(self, transfer: Transfer) -> HttpResponseBase:
        """Respond 200 also to a request for a range: nginx sends ranges of whole responses only."""
        # To a Range that it does not understand, nginx responds 416 with the Cache-Control of this
        # response, and a shared cache would give that to other clients.
        if transfer.ignores_range or get_store().find_path(transfer.key) is None:
            return StreamSender().send(transfer)
        transfer.record()
        headers = {**transfer.headers, "X-Accel-Redirect": f"{self.prefix}{transfer.key}"}
        # nginx adds its own.
        headers.pop("Accept-Ranges", None)
        response = HttpResponse(headers=headers)
        transfer.mark(response)
        return response

    def list_hosts(self) -> Sequence[str]:
        """No other host."""
        return ()
