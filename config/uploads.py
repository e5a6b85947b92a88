"""Files in forms: no page takes any, and publishing brings a handler of its own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class DropFiles(FileUploadHandler):
    """Reads multipart forms in small pieces and keeps nothing of the files in them.

    Without any handler Django would ask for 2 GiB at once, and everybody can send a form: the
    check against forgery reads the body of each before a view sees it.
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
        """Before the first byte is read. Raises `RequestDataTooBig` for a form over the limit."""
        if content_length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Drop a piece."""

    def file_complete(self, file_size: int) -> None:
        """There is no file."""
