"""What is sent, and the interface of the senders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.http.response import HttpResponseBase

from common.cache_marks import add_mark, add_record, build_plugin_mark
from registry.downloads.counts import record_sent_bytes
from registry.downloads.gateway_records import build_download_record
from registry.downloads.range_header import ByteRange


@dataclass(frozen=True, slots=True)
class CountedDownload:
    """The download of a release, and the client that it counts for. `is_public`: everybody may do it."""

    release_id: int
    plugin_name: str
    # See `common.http.client_address.get_client_network`.
    client: str
    is_public: bool = True


@dataclass(frozen=True, slots=True)
class Transfer:
    """A stored package, and the range of it that the client gets: all of it without `part`.

    `headers` are those that do not depend on the range. Without `download`, the
    transfer counts as no download. If `is_public` is false, the package is not for everybody, and no
    shared cache may keep it. `ignores_range`
    means that the request has a Range header that is not understood.
    """

    key: str
    size_bytes: int
    headers: Mapping[str, str]
    part: ByteRange | None = None
    download: CountedDownload | None = None
    ignores_range: bool = False

    @property
    def is_public(self) -> bool:
        """Whether the package is for everybody."""
        return self.download is not None and self.download.is_public

    @property
    def status(self) -> int:
        """The status of the response with the bytes."""
        return 200 if self.part is None else 206

    @property
    def sent(self) -> ByteRange:
        """The bytes that the client gets."""
        return self.part or ByteRange(0, self.size_bytes)

    def build_range_headers(self) -> dict[str, str]:
        """The headers of the response with the bytes, with those that depend on the range."""
        sent = self.sent
        headers = {**self.headers, "Content-Length": str(sent.stop - sent.start)}
        if self.part is not None:
            headers["Content-Range"] = f"bytes {sent.start}-{sent.stop - 1}/{self.size_bytes}"
        return headers

    def record(self, stop: int | None = None) -> None:
        """Record that the client got the bytes up to before `stop`, or all that it should get."""
        if self.download is not None:
            record_sent_bytes(
                self.download.release_id,
                client=self.download.client,
                size_bytes=self.size_bytes,
                start=self.sent.start,
                stop=self.sent.stop if stop is None else stop,
            )

    def mark(self, response: HttpResponseBase) -> None:
        """Let the gateway store the response and count the downloads that it serves from memory.

        It stores whole packages for everybody only: a record is one of all bytes of a package.
        """
        if self.part is None and self.download is not None and self.is_public:
            add_mark(response, build_plugin_mark(self.download.plugin_name))
            add_record(response, build_download_record(self.download.release_id, self.size_bytes))


class PackageSender(Protocol):
    """Responds to GET requests for packages. `tests/functional/api/test_download_senders.py` tests it."""

    def send(self, transfer: Transfer) -> HttpResponseBase:
        """The response, and the record of what was sent. Raises `StorageError`.

        Raises `FileNotFoundError` for a key that does not exist, if the sender can tell.
        """

    def list_hosts(self) -> Sequence[str]:
        """The other hosts from which clients get packages, as `HOST` or `HOST:PORT`."""
