"""Stage 1, *receive*: write an upload to a scratch file, measuring and hashing it on the way.

The package is never held in memory: each chunk is hashed and written as it arrives, and an
upload over the limit is refused at the chunk that exceeds it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.core.files.uploadhandler import FileUploadHandler

from common.http.errors import UploadTooLargeError
from plugport.spec.digest import CHUNK_BYTES, Digest, Digester
from plugport.spec.errors import FieldError
from plugport.spec.text import quote_text
from registry.errors import UnexpectedFileError, UploadMissingError
from registry.package_limits import get_archive_limits
from registry.publishing.failpoints import FailPoint, hit
from registry.storage.scratch import create_scratch_file, translate_scratch_errors

PACKAGE_FIELD = "package"
# Allowance for the rest of the form: its text fields and the multipart boundaries.
_FORM_OVERHEAD_BYTES = 2 << 20


@dataclass(frozen=True, slots=True)
class ReceivedPackage:
    """A complete upload in a scratch file, with its size and digests."""

    path: Path
    size_bytes: int
    sha256: Digest
    sha512: Digest


def check_size(size_bytes: int) -> None:
    """Raise `UploadTooLargeError` if `size_bytes` is over the limit.

    `size_bytes` is what is known so far; the package may be larger.
    """
    limit_bytes = get_archive_limits().archive_bytes
    if size_bytes > limit_bytes:
        raise UploadTooLargeError(
            f"This upload has at least {size_bytes:,} bytes; packages may have {limit_bytes:,} bytes.",
            hint="Exclude files that are not needed at run time with a .plugportignore file.",
            context={"limitBytes": limit_bytes},
        )


class Receiver:
    """Writes chunks to a scratch file and refuses uploads over the limit.

    Close it, for example with `contextlib.closing`: that removes the scratch file.
    """

    def __init__(self) -> None:
        self._path = create_scratch_file()
        with translate_scratch_errors():
            self._file: IO[bytes] = self._path.open("wb")
        self._digester = Digester()

    def write(self, chunk: bytes) -> None:
        """Append the next bytes. Raises `UploadTooLargeError` over the limit, and `StorageError`."""
        # Before the write: an upload over the limit never occupies more than the limit on disk.
        check_size(self._digester.size_bytes + len(chunk))
        self._digester.update(chunk)
        with translate_scratch_errors():
            self._file.write(chunk)

    def finish(self) -> ReceivedPackage:
        """Close the file and return the complete package. Raises `StorageError`."""
        with translate_scratch_errors():
            self._file.close()
        hit(FailPoint.RECEIVED)
        digester = self._digester
        return ReceivedPackage(self._path, digester.size_bytes, digester.sha256, digester.sha512)

    def close(self) -> None:
        """Remove the scratch file if it still exists."""
        # First, because closing writes the remaining bytes and fails on a full disk.
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._file.close()


@contextlib.contextmanager
def receive_file(source: Path) -> Iterator[ReceivedPackage]:
    """Receive a file of this machine (imports, the demo) like an upload."""
    with contextlib.closing(Receiver()) as receiver, source.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            receiver.write(chunk)
        yield receiver.finish()


class PackageUploadHandler(FileUploadHandler):
    """Django's upload handler for the one file of a publish form.

    Django's own handlers would write the file to a temporary folder and hash nothing, so the
    package would be read twice.
    """

    chunk_size = 1 << 20

    def __init__(self) -> None:
        super().__init__()
        self.receiver: Receiver | None = None
        self.received: ReceivedPackage | None = None

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803 -- Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Refuse a body whose declared length is over the limit, before its first byte is read.

        Raises `UploadTooLargeError`.
        """
        # Only an early response: the header may be wrong, so `write` counts the bytes again.
        check_size(content_length - _FORM_OVERHEAD_BYTES)

    def new_file(
        self,
        field_name: str,
        file_name: str,
        content_type: str,
        content_length: int | None,
        charset: str | None = None,
        content_type_extra: dict[str, Any] | None = None,
    ) -> None:
        """Start a file. Raises `UnexpectedFileError` for any file except one in `package`."""
        super().new_file(
            field_name, file_name, content_type, content_length, charset, content_type_extra
        )
        if field_name != PACKAGE_FIELD or self.receiver is not None:
            raise UnexpectedFileError(
                f"The form contains an unexpected file in the field {quote_text(field_name)}.",
                hint=f"Send one file in the field `{PACKAGE_FIELD}`.",
            )
        self.receiver = Receiver()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a chunk. Raises `UploadTooLargeError`."""
        assert self.receiver is not None
        self.receiver.write(raw_data)

    def file_complete(self, file_size: int) -> None:
        """Finish the file. Returns None: Django gets no file, the view calls `get_received`."""
        assert self.receiver is not None
        self.received = self.receiver.finish()

    def close(self) -> None:
        """Remove the scratch file."""
        if self.receiver is not None:
            self.receiver.close()

    def get_received(self) -> ReceivedPackage:
        """The package of the form. Raises `UploadMissingError`."""
        if self.received is None:
            raise UploadMissingError(
                f"The form contains no file in the field `{PACKAGE_FIELD}`.",
                hint=f"Send the package as multipart/form-data: curl -F {PACKAGE_FIELD}=@my-plugin-1.0.0.tgz …",
                fields=[FieldError(PACKAGE_FIELD, "This file is required.", "required")],
            )
        return self.received
