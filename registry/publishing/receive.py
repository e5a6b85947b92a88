"""Stage 1, *receive*: bytes become a file in scratch, measured and digested as they come.

The package is never held in memory: each chunk is hashed and written as it arrives, and an
upload over the limit is refused at the chunk that passes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.core.files.uploadhandler import FileUploadHandler

from plugport.spec.digest import CHUNK_BYTES, Digest, Digester
from plugport.spec.text import show
from registry.errors import UnexpectedFileError, UploadMissingError, UploadTooLargeError
from registry.publishing.faults import Point, reach
from registry.publishing.limits import get_archive_limits
from registry.scratch import make_scratch_file

FIELD = "package"
# What a form holds beside the package: its text fields and the lines between them.
_FORM_BYTES = 2 << 20


@dataclass(frozen=True, slots=True)
class ReceivedPackage:
    """A whole upload in scratch: where it lies, how large it is, what its bytes are."""

    path: Path
    size_bytes: int
    sha256: Digest
    sha512: Digest


def check_size(size_bytes: int) -> None:
    """Raise `UploadTooLargeError` for a package of that many bytes or more."""
    limit_bytes = get_archive_limits().archive_bytes
    if size_bytes > limit_bytes:
        raise UploadTooLargeError(
            f"A package may have {limit_bytes:,} bytes; this upload has {size_bytes:,} or more.",
            hint="Leave out what is not needed at run time with a .plugportignore file.",
            context={"limitBytes": limit_bytes},
        )


class Receiver:
    """Takes chunks, writes them to scratch, and refuses what is over the limit.

    Use as a context: the scratch file is removed at the end unless it was moved away.
    """

    def __init__(self) -> None:
        self._path = make_scratch_file()
        self._file: IO[bytes] = self._path.open("wb")
        self._digester = Digester()

    def write(self, chunk: bytes) -> None:
        """Take the next bytes. Raises `UploadTooLargeError` at the limit."""
        check_size(self._digester.size_bytes + len(chunk))
        self._digester.update(chunk)
        self._file.write(chunk)

    def finish(self) -> ReceivedPackage:
        """The package, complete."""
        self._file.close()
        reach(Point.RECEIVED)
        seen = self._digester
        return ReceivedPackage(self._path, seen.size_bytes, seen.sha256, seen.sha512)

    def close(self) -> None:
        """Remove the scratch file if it is still there."""
        self._file.close()
        self._path.unlink(missing_ok=True)


@contextlib.contextmanager
def receive_file(source: Path) -> Iterator[ReceivedPackage]:
    """Receive a file of this machine (imports, the demo) through the same door."""
    with contextlib.closing(Receiver()) as receiver, source.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            receiver.write(chunk)
        yield receiver.finish()


class PackageUploadHandler(FileUploadHandler):
    """Django's upload handler for the one file of a publish form."""

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
        """Before the first byte is read. Raises `UploadTooLargeError` for what says it is."""
        check_size(content_length - _FORM_BYTES)

    def new_file(
        self,
        field_name: str,
        file_name: str,
        content_type: str,
        content_length: int | None,
        charset: str | None = None,
        content_type_extra: dict[str, Any] | None = None,
    ) -> None:
        """Start a file. Raises for any field but one `package`."""
        super().new_file(
            field_name, file_name, content_type, content_length, charset, content_type_extra
        )
        if field_name != FIELD or self.receiver is not None:
            raise UnexpectedFileError(
                f"The form has an unexpected file {show(field_name)}.",
                hint=f"Send one file in the field `{FIELD}`.",
            )
        self.receiver = Receiver()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Pass a chunk on."""
        assert self.receiver is not None
        self.receiver.write(raw_data)

    def file_complete(self, file_size: int) -> None:
        """The file is whole. Nothing is handed to Django: the view asks this handler."""
        assert self.receiver is not None
        self.received = self.receiver.finish()

    def close(self) -> None:
        """Remove what is left in scratch."""
        if self.receiver is not None:
            self.receiver.close()

    def get_received(self) -> ReceivedPackage:
        """The package of the form. Raises `UploadMissingError`."""
        if self.received is None:
            raise UploadMissingError(
                f"The form has no file `{FIELD}`.",
                hint=f"Send it as multipart/form-data: curl -F {FIELD}=@my-plugin-1.0.0.tgz …",
            )
        return self.received
