"""The members of a package, one after the other, with everything refused that is not plain.

Only regular files and folders come out, with a checked name, a size within the limits, and
nothing of the header but the owner's execute bit: no owner, no time, no setuid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
    make_path_error,
)
from plugport.spec.archive.extended import get_pax_size, parse_long_name, parse_pax_records
from plugport.spec.archive.gunzip import GunzipStream, make_truncated_error
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.archive.paths import check_path, decode_path
from plugport.spec.archive.tar_header import BLOCK_BYTES, ZERO_BLOCK, TarHeader, parse_header
from plugport.spec.text import show

_CHUNK_BYTES = 256 << 10
# tar fills its output up to whole records: 10 KiB unless asked for more, of which this is plenty.
_RECORD_BYTES = 1 << 20
# NUL is how the oldest archives mark a file.
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


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file or a folder. `path` is clean: relative, with `/`, without `./` in front."""

    path: str
    is_folder: bool
    size_bytes: int
    executable: bool


@dataclass(slots=True)
class _Extension:
    """What extended headers say of the member that follows them."""

    records: dict[bytes, bytes] | None = None
    long_name: bytes | None = None
    has_long_link: bool = False

    def is_empty(self) -> bool:
        return self.records is None and self.long_name is None and not self.has_long_link


class MemberReader:
    """Walks a tar archive. After a file's `Member`, its bytes come from `read_body`."""

    def __init__(self, stream: GunzipStream, limits: ArchiveLimits) -> None:
        self._stream = stream
        self._limits = limits
        # What is left of the current member, and the zeros that fill its last block.
        self._left_bytes = 0
        self._padding_bytes = 0
        self._headers_bytes = 0
        self._unpacked_bytes = 0
        self._has_root = False

    def __iter__(self) -> Iterator[Member]:
        """Yield the members, up to the verified end of the archive. Raises `ArchiveError`."""
        extension = _Extension()
        while (header := self._next_header()) is not None:
            if not self._extend(extension, header):
                member = self._make_member(header, extension)
                if member is not None:
                    yield member
                extension = _Extension()
        if not extension.is_empty():
            raise HeaderError("The archive ends after an extended header without its member")

    def read_body(self) -> Iterator[bytes]:
        """Yield the bytes of the member that came last. Raises `BombError` before the first."""
        self._stream.check_room(self._left_bytes)
        while self._left_bytes:
            chunk = self._stream.read(min(self._left_bytes, _CHUNK_BYTES))
            if not chunk:
                raise make_truncated_error(self._stream.position)
            self._left_bytes -= len(chunk)
            yield chunk

    def _skip_body(self) -> None:
        for _chunk in self.read_body():
            pass

    def _next_header(self) -> TarHeader | None:
        # Whoever asks for the next member need not have read the last one.
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
        """After the first zero block: a second one, then only the zeros of tar's last record."""
        if self._stream.read_exactly(BLOCK_BYTES) != ZERO_BLOCK:
            raise _make_trailing_error("A zero block inside the archive is followed by more data")
        end = self._stream.position
        while chunk := self._stream.read(_CHUNK_BYTES):
            if chunk.count(0) != len(chunk):
                raise _make_trailing_error("Data follows the end of the tar archive")
            if self._stream.position - end > _RECORD_BYTES:
                raise _make_trailing_error(
                    f"More than {_RECORD_BYTES} zero bytes follow the end of the tar archive"
                )

    def _extend(self, extension: _Extension, header: TarHeader) -> bool:
        """Take an extended header; False for a header of anything else."""
        if header.kind not in (b"x", b"g", b"L", b"K"):
            return False
        body = self._read_header_body(header)
        if header.kind == b"x" and extension.records is None:
            extension.records = parse_pax_records(body)
        elif header.kind == b"L" and extension.long_name is None:
            extension.long_name = parse_long_name(body)
        elif header.kind == b"K" and not extension.has_long_link:
            # The link's target; the link itself comes next and is refused with its own name.
            extension.has_long_link = True
        elif header.kind == b"g" and extension.is_empty():
            # Forges put the commit there as a comment, which changes no member.
            if parse_pax_records(body):
                raise HeaderError("A global pax header sets a path or size for all members")
        else:
            raise HeaderError("Several extended headers stand before one member")
        return True

    def _read_header_body(self, header: TarHeader) -> bytes:
        size, limits = header.size_bytes, self._limits
        # The block counts too: headers without a body cost time as well.
        self._headers_bytes += BLOCK_BYTES + size
        if size > limits.header_bytes or self._headers_bytes > limits.headers_bytes:
            raise HeaderTooLargeError(
                f"An extended tar header has {size} bytes; {limits.header_bytes} are allowed, "
                f"{limits.headers_bytes} for all of them",
                hint="Pack without extended attributes.",
                context={"found": size, "allowed": limits.header_bytes},
            )
        return self._stream.read_exactly(size + -size % BLOCK_BYTES)[:size]

    def _make_member(self, header: TarHeader, extension: _Extension) -> Member | None:
        records = extension.records or {}
        if b"path" in records and extension.long_name is not None:
            raise HeaderError("A member has two long names, one of pax and one of GNU")
        # An empty record takes an override back (POSIX), so the header's own name counts.
        name = decode_path(records.get(b"path") or extension.long_name or header.name)
        _check_kind(header, name, records.get(b"linkpath") or header.link)
        size = get_pax_size(records, header.size_bytes)
        is_folder = header.kind == _FOLDER_KIND
        path = _clean_name(name, is_folder=is_folder)
        if not path:
            # `tar -c .` lists the folder itself; more than once would be endless work for nothing.
            if self._has_root or size:
                raise make_path_error(DuplicatePathError, "./", "is there twice")
            self._has_root = True
            return None
        check_path(path, self._limits)
        self._expect_body(path, size, is_folder=is_folder)
        return Member(path, is_folder, size, bool(header.mode & _OWNER_EXECUTES))

    def _expect_body(self, path: str, size: int, *, is_folder: bool) -> None:
        limits = self._limits
        if is_folder and size:
            raise make_path_error(HeaderError, path, f"is a folder that claims {size} bytes")
        if size > limits.file_bytes:
            raise make_path_error(
                FileTooLargeError,
                path,
                f"has {size} bytes; {limits.file_bytes} are allowed in a file",
                found=size,
                allowed=limits.file_bytes,
            )
        self._unpacked_bytes += size
        if self._unpacked_bytes > limits.unpacked_bytes:
            raise UnpackedTooLargeError(
                f"The files have more than {limits.unpacked_bytes} bytes together",
                context={"found": self._unpacked_bytes, "allowed": limits.unpacked_bytes},
            )
        # The ratio is checked when the body is read, so that a manifest's own limit comes first.
        self._left_bytes = size
        self._padding_bytes = -size % BLOCK_BYTES


def _check_kind(header: TarHeader, name: str, target: bytes) -> None:
    if header.kind in _FILE_KINDS or header.kind == _FOLDER_KIND:
        return
    kind = header.kind.decode("latin-1")
    error, found = _REFUSED.get(header.kind, (MemberError, f"of the unknown kind {show(kind)}"))
    shown = f" to {show(target.decode('utf-8', 'backslashreplace'))}" if target else ""
    raise make_path_error(
        error,
        name,
        f"is {found}{shown}",
        hint="A package holds regular files and folders only.",
        found=found,
    )


def _clean_name(name: str, *, is_folder: bool) -> str:
    """Take one leading `./` off the name and, of a folder's, the trailing slash."""
    if is_folder and name in (".", "./"):
        return ""
    path = name.removeprefix("./")
    if is_folder and path.endswith("/"):
        path = path[:-1]
    if not path:
        raise make_path_error(MalformedPathError, name, "is no name")
    return path


def _make_trailing_error(detail: str) -> TrailingDataError:
    return TrailingDataError(
        detail, hint="Pack again with `plugport pack`, or with `tar` and `gzip`."
    )
