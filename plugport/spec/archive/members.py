"""Iterate over the members of a tar archive, and refuse everything but plain files and folders.

Members have a validated path, a size within the limits, and from the header only the execute bit of
the owner: no user, no time, no setuid bit.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from plugport.spec.archive.errors import (
    DeviceError,
    DuplicatePathError,
    FifoError,
    FileTooLargeError,
    HeaderError,
    HeaderTooLargeError,
    LinkError,
    MalformedPathError,
    MemberError,
    SparseError,
    TrailingDataError,
    UnpackedTooLargeError,
    build_path_error,
)
from plugport.spec.archive.extended_headers import (
    get_pax_size,
    parse_long_name,
    parse_pax_records,
)
from plugport.spec.archive.gunzip import GunzipStream, build_truncated_error
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.archive.paths import check_path, decode_path
from plugport.spec.archive.tar_header import BLOCK_BYTES, ZERO_BLOCK, TarHeader, parse_header
from plugport.spec.text import quote_text

_CHUNK_BYTES = 256 << 10
# tar pads its output to complete records, 10 KiB by default. Longer padding is refused.
_RECORD_BYTES = 1 << 20
# Pre-POSIX archives mark files with NUL.
_FILE_KINDS = (b"0", b"\x00")
_FOLDER_KIND = b"5"
_OWNER_EXECUTES = 0o100

_REFUSED: dict[bytes, tuple[type[MemberError], str]] = {
    b"1": (LinkError, "a hard link"),
    b"2": (LinkError, "a symbolic link"),
    b"3": (DeviceError, "a character device"),
    b"4": (DeviceError, "a block device"),
    b"6": (FifoError, "a named pipe"),
    b"S": (SparseError, "a sparse file"),
}


class Member(Struct, frozen=True):
    """A regular file or a folder. `path` is relative, uses `/`, and has no leading `./`."""

    path: str
    is_folder: bool
    size_bytes: int
    executable: bool


class _Extension(Struct):
    """The extended headers that apply to the next member."""

    records: dict[bytes, bytes] | None = None
    long_name: bytes | None = None
    has_long_link: bool = False

    def is_empty(self) -> bool:
        return self.records is None and self.long_name is None and not self.has_long_link


class MemberReader:
    """Iterate over a tar archive. `read_body` reads the content of the current member."""

    def __init__(self, stream: GunzipStream, limits: ArchiveLimits) -> None:
        self._stream = stream
        self._limits = limits
        # Unread bytes of the current member, and the padding of its last block.
        self._left_bytes = 0
        self._padding_bytes = 0
        self._headers_bytes = 0
        self._unpacked_bytes = 0
        self._has_root = False

    def __iter__(self) -> Iterator[Member]:
        """Yield the members, and verify the end of the archive. Raises `ArchiveError`."""
        extension = _Extension()
        while (header := self._next_header()) is not None:
            if not self._apply_extension(extension, header):
                member = self._build_member(header, extension)
                if member is not None:
                    yield member
                extension = _Extension()
        if not extension.is_empty():
            raise HeaderError("The archive ends with an extended header that has no member")

    def read_body(self) -> Iterator[bytes]:
        """Yield the content of the current member. Raises `BombError` before the first chunk."""
        self._stream.check_ratio(self._left_bytes)
        while self._left_bytes:
            chunk = self._stream.read(min(self._left_bytes, _CHUNK_BYTES))
            if not chunk:
                raise build_truncated_error(self._stream.position)
            self._left_bytes -= len(chunk)
            yield chunk

    def _skip_body(self) -> None:
        for _chunk in self.read_body():
            pass

    def _next_header(self) -> TarHeader | None:
        # The caller can skip the content of a member.
        self._skip_body()
        self._stream.read_exactly(self._padding_bytes)
        self._padding_bytes = 0
        position = self._stream.position
        block = self._stream.read_exactly(BLOCK_BYTES)
        if block == ZERO_BLOCK:
            self._check_end()
            return None
        return parse_header(block, position)

    def _check_end(self) -> None:
        """Check that the first zero block is followed by a second one and by zero padding only."""
        if self._stream.read_exactly(BLOCK_BYTES) != ZERO_BLOCK:
            raise _build_trailing_error("There is data after a zero block in the archive")
        end = self._stream.position
        while chunk := self._stream.read(_CHUNK_BYTES):
            if chunk.count(0) != len(chunk):
                raise _build_trailing_error("There is data after the end of the tar archive")
            if self._stream.position - end > _RECORD_BYTES:
                raise _build_trailing_error(
                    f"There are more than {_RECORD_BYTES} zero bytes after the end of the tar archive"
                )

    def _apply_extension(self, extension: _Extension, header: TarHeader) -> bool:
        """Apply an extended header. Returns False for any other header."""
        if header.kind not in (b"x", b"g", b"L", b"K"):
            return False
        body = self._read_header_body(header)
        if header.kind == b"x" and extension.records is None:
            extension.records = parse_pax_records(body)
        elif header.kind == b"L" and extension.long_name is None:
            extension.long_name = parse_long_name(body)
        elif header.kind == b"K" and not extension.has_long_link:
            # The target of a link. The link itself follows and is refused with its own path.
            extension.has_long_link = True
        elif header.kind == b"g" and extension.is_empty():
            # Git forges store the commit id in a comment here. It changes no member.
            if parse_pax_records(body):
                raise HeaderError("A global pax header sets a path or size for all members")
        else:
            raise HeaderError("A member has several extended headers of the same kind")
        return True

    def _read_header_body(self, header: TarHeader) -> bytes:
        size, limits = header.size_bytes, self._limits
        # Count the block too: headers without a body also take time to parse.
        self._headers_bytes += BLOCK_BYTES + size
        if size > limits.header_bytes or self._headers_bytes > limits.headers_bytes:
            raise HeaderTooLargeError(
                f"An extended tar header has {size} bytes; the limit is {limits.header_bytes}, "
                f"and {limits.headers_bytes} for all headers together",
                hint="Pack without extended attributes.",
                context={"found": size, "allowed": limits.header_bytes},
            )
        return self._stream.read_exactly(size + -size % BLOCK_BYTES)[:size]

    def _build_member(self, header: TarHeader, extension: _Extension) -> Member | None:
        records = extension.records or {}
        if b"path" in records and extension.long_name is not None:
            raise HeaderError("A member has both a pax and a GNU long name")
        # An empty record removes an override (POSIX); the name of the tar header applies.
        name = decode_path(records.get(b"path") or extension.long_name or header.name)
        _check_kind(header, name, records.get(b"linkpath") or header.link)
        size = get_pax_size(records, header.size_bytes)
        is_folder = header.kind == _FOLDER_KIND
        path = _normalize_name(name, is_folder=is_folder)
        if not path:
            # `tar -c .` adds the folder itself once. Repeating it would be unbounded work.
            if self._has_root or size:
                raise build_path_error(DuplicatePathError, "./", "occurs twice")
            self._has_root = True
            return None
        check_path(path, self._limits)
        self._start_body(path, size, is_folder=is_folder)
        return Member(path, is_folder, size, bool(header.mode & _OWNER_EXECUTES))

    def _start_body(self, path: str, size: int, *, is_folder: bool) -> None:
        limits = self._limits
        if is_folder and size:
            raise build_path_error(HeaderError, path, f"is a folder with a size of {size} bytes")
        if size > limits.file_bytes:
            raise build_path_error(
                FileTooLargeError,
                path,
                f"has {size} bytes; the limit for a file is {limits.file_bytes}",
                found=size,
                allowed=limits.file_bytes,
            )
        self._unpacked_bytes += size
        if self._unpacked_bytes > limits.unpacked_bytes:
            raise UnpackedTooLargeError(
                f"The total size of the files is more than {limits.unpacked_bytes} bytes",
                context={"found": self._unpacked_bytes, "allowed": limits.unpacked_bytes},
            )
        # `read_body` checks the ratio, so that the error about a too large manifest comes first.
        self._left_bytes = size
        self._padding_bytes = -size % BLOCK_BYTES


def _check_kind(header: TarHeader, name: str, target: bytes) -> None:
    if header.kind in _FILE_KINDS or header.kind == _FOLDER_KIND:
        return
    kind = header.kind.decode("latin-1")
    error, member_type = _REFUSED.get(
        header.kind, (MemberError, f"of the unknown type {quote_text(kind)}")
    )
    shown = f" to {quote_text(target.decode('utf-8', 'backslashreplace'))}" if target else ""
    raise build_path_error(
        error,
        name,
        f"is {member_type}{shown}",
        hint="A package can contain only regular files and folders.",
        found=member_type,
    )


def _normalize_name(name: str, *, is_folder: bool) -> str:
    """Remove a leading `./` and, from folders, the trailing slash."""
    if is_folder and name in (".", "./"):
        return ""
    path = name.removeprefix("./")
    if is_folder and path.endswith("/"):
        path = path[:-1]
    if not path:
        raise build_path_error(MalformedPathError, name, "is not a valid path")
    return path


def _build_trailing_error(detail: str) -> TrailingDataError:
    return TrailingDataError(
        detail, hint="Pack it again with `plugport pack`, or with `tar` and `gzip`."
    )
