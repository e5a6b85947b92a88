"""Discard files in forms. No page accepts files; publishing installs its own upload handler."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class DiscardUploadHandler(FileUploadHandler):
    """Reads multipart forms in small chunks and discards the files in them.

    Anyone can make the server parse a form: the CSRF check reads the body before a view runs.
    Without any handler Django uses a chunk size of 2 GiB, so one request could exhaust the memory
    (CWE-400).
    """

    chunk_size = 64 << 10

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803 -- Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Raise `RequestDataTooBig` for a form over the limit, before its first byte is read."""
        if content_length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Discard the chunk."""

    def file_complete(self, file_size: int) -> None:
        """Return None: no file is passed on."""
