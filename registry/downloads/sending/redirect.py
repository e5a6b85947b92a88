"""Let clients get public packages from S3. Requires a bucket that clients can reach."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from registry.downloads.sending.base import Transfer
from registry.downloads.sending.stream import StreamSender
from registry.storage import get_store

# A URL works until then, also if the release is blocked in the meantime.
URL_SECONDS = 60
# Of the headers of a transfer, those that a presigned URL can set.
_SENT_BY_S3 = ("Content-Type", "Content-Disposition")


class RedirectSender:
    """Redirects to a presigned URL. S3 handles Range and If-Range, with its own ETag."""

    def send(self, transfer: Transfer) -> HttpResponseBase:
        """Respond 302. A package that is not for everybody is streamed: anyone can use the URL."""
        url = None
        if transfer.is_public:
            url = get_store().find_signed_url(
                transfer.key,
                seconds=URL_SECONDS,
                is_for_clients=True,
                # Each URL is used once, so a cache that keeps the response stores it in vain.
                headers={
                    **{name: transfer.headers[name] for name in _SENT_BY_S3},
                    "Cache-Control": "no-store",
                },
            )
        if url is None:
            return StreamSender().send(transfer)
        transfer.record()
        response = HttpResponse(status=302, headers={"Location": url, "Cache-Control": "no-store"})
        del response.headers["Content-Type"]
        return response

    def list_hosts(self) -> Sequence[str]:
        """The host of the bucket."""
        url = get_store().find_signed_url("packages", seconds=URL_SECONDS, is_for_clients=True)
        return (urlsplit(url).netloc,) if url else ()
