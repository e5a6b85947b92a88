"""Errors of packages, with one class and one code per reason.

    ArchiveError
    ├── ContainerError    the file, its gzip stream, or data around the tar archive
    ├── HeaderError       a malformed or ambiguous tar header
    ├── MemberError       a member type that packages cannot contain
    ├── PathError         the path of a member
    ├── LimitError        a limit of `ArchiveLimits`
    └── PackError         a folder that cannot be packed

Messages quote paths with `plugport.spec.text.quote_text`, so hostile paths are safe to print.
`context` has `path`, `found` and `allowed` for programs, where they apply. The groups have no code.
"""

from __future__ import annotations

from typing import TypeVar

from plugport.spec.errors import InvalidError, UnavailableError
from plugport.spec.os_errors import set_os_error_kind
from plugport.spec.text import quote_text

PathErrorType = TypeVar("PathErrorType", bound="ArchiveError | UnpackFailedError")


class ArchiveError(InvalidError):
    """The package is invalid. The base class of all errors below, except disk errors."""

    code, title = "invalid-archive", "Invalid package"


class ContainerError(ArchiveError):
    """The file is not exactly one complete gzip stream with one complete tar archive."""

    title = "Not a gzipped tar archive"


class UnreadableArchiveError(ContainerError):
    """The file does not exist, is not a regular file, or cannot be read."""

    code, title = "archive-unreadable", "The package cannot be read"


class EmptyArchiveError(ContainerError):
    """The file has a size of 0 bytes."""

    code, title = "archive-empty", "The package is empty"


class WrongFormatError(ContainerError):
    """The file has another format, such as zip, plain tar or HTML."""

    code, title = "archive-wrong-format", "Not a gzipped tar archive"


class TruncatedArchiveError(ContainerError):
    """The gzip stream or the tar archive ends before its end marker."""

    code, title = "archive-truncated", "The package is truncated"


class CorruptGzipError(ContainerError):
    """The compressed data violates RFC 1951 (DEFLATE) or RFC 1952 (gzip)."""

    code, title = "archive-corrupt", "The package is corrupt"


class GzipChecksumError(ContainerError):
    """The gzip stream's CRC-32 or length does not match its content."""

    code, title = "archive-bad-checksum", "The package is corrupt"


class TrailingDataError(ContainerError):
    """There is data after the end of the gzip stream or of the tar archive."""

    code, title = "archive-trailing-data", "Data after the end of the package"


class SeveralStreamsError(ContainerError):
    """The file has several gzip streams. Some tools read only the first one, others all."""

    code, title = "archive-several-streams", "Multiple gzip streams in one file"


class NoFilesError(ContainerError):
    """The archive is valid but contains no file."""

    code, title = "archive-no-files", "The package contains no files"


class HeaderError(ArchiveError):
    """A tar header violates the standard or is ambiguous."""

    code, title = "archive-bad-header", "Malformed tar header"


class HeaderChecksumError(HeaderError):
    """The checksum of a tar header does not match."""

    code, title = "archive-bad-header-checksum", "Corrupt tar header"


class MemberError(ArchiveError):
    """A member is neither a regular file nor a folder."""

    code, title = "archive-member-kind", "Member type not allowed in a package"


class LinkError(MemberError):
    """A member is a symbolic or hard link. All links are refused, whatever their target."""

    code, title = "archive-link", "Links are not allowed in a package"


class DeviceError(MemberError):
    """A member is a character or block device."""

    code, title = "archive-device", "Devices are not allowed in a package"


class FifoError(MemberError):
    """A member is a named pipe (FIFO)."""

    code, title = "archive-fifo", "Named pipes are not allowed in a package"


class SparseError(MemberError):
    """A member is a sparse file, which unpacks to more data than the archive contains."""

    code, title = "archive-sparse", "Sparse files are not allowed in a package"


class PathError(ArchiveError):
    """The path of a member is invalid."""

    title = "Invalid path in the package"


class PathTraversalError(PathError):
    """A path has a `..` component (CWE-22)."""

    code, title = "archive-path-traversal", "Path traversal in the package"


class AbsolutePathError(PathError):
    """A path starts with a root, a drive or a network share (CWE-36)."""

    code, title = "archive-path-absolute", "Absolute path in the package"


class BackslashPathError(PathError):
    """A path has a backslash, which is a separator on Windows."""

    code, title = "archive-path-backslash", "Backslash in a path"


class ControlCharacterError(PathError):
    """A path has NUL, control, bidirectional formatting or line separator characters."""

    code, title = "archive-path-control-character", "Control character in a path"


class PathEncodingError(PathError):
    """A path is not valid UTF-8."""

    code, title = "archive-path-encoding", "A path is not UTF-8"


class PathTooLongError(PathError):
    """A path, or one of its components, has too many bytes."""

    code, title = "archive-path-too-long", "A path is too long"


class PathTooDeepError(PathError):
    """A path has too many components."""

    code, title = "archive-path-too-deep", "A path is nested too deeply"


class UnportablePathError(PathError):
    """A path that some systems cannot store, such as `aux.js` or `a?.txt` on Windows."""

    code, title = "archive-path-unportable", "Path not portable to all systems"


class MalformedPathError(PathError):
    """A path has an empty or `.` component, or the path of a file ends with a slash."""

    code, title = "archive-path-malformed", "Malformed path in the package"


class DuplicatePathError(PathError):
    """Two members have the same path."""

    code, title = "archive-path-duplicate", "Duplicate path"


class PathCollisionError(PathError):
    """Two paths differ only in case or Unicode normalization; some systems treat them as one."""

    code, title = "archive-path-collision", "Paths collide on some systems"


class PathConflictError(PathError):
    """A path is both a file and a folder."""

    code, title = "archive-path-conflict", "A path is both a file and a folder"


class ManifestNotFileError(PathError):
    """A folder has the name of a manifest."""

    code, title = "archive-manifest-not-file", "The manifest is not a file"


class LimitError(ArchiveError):
    """A limit of `ArchiveLimits` is exceeded."""

    title = "Limit exceeded"


class ArchiveTooLargeError(LimitError):
    """The compressed file is larger than `archive_bytes`."""

    code, title = "archive-too-large", "The package is too large"


class UnpackedTooLargeError(LimitError):
    """The total size of the files is larger than `unpacked_bytes`."""

    code, title = "archive-unpacked-too-large", "The unpacked package is too large"


class FileTooLargeError(LimitError):
    """A file is larger than `file_bytes`, or its header declares a larger size."""

    code, title = "archive-file-too-large", "A file is too large"


class BombError(LimitError):
    """The content is more than `ratio` times as large as the archive (CWE-409)."""

    code, title = "archive-bomb", "Decompression bomb"


class TooManyEntriesError(LimitError):
    """There are more than `entries` files and folders, or more than `paths_bytes` of paths."""

    code, title = "archive-too-many-entries", "Too many files"


class HeaderTooLargeError(LimitError):
    """An extended header is larger than `header_bytes`, or all together than `headers_bytes`."""

    code, title = "archive-header-too-large", "A tar header is too large"


class ManifestTooLargeError(LimitError):
    """A manifest is larger than `manifest_bytes`."""

    code, title = "archive-manifest-too-large", "The manifest is too large"


class PackError(ArchiveError):
    """A folder cannot be packed."""

    code, title = "pack-failed", "The folder cannot be packed"


class PackSecretError(PackError):
    """The folder contains files with the names of secrets; `fields` lists all of them."""

    code, title = "pack-secret-file", "Secrets in the folder"


class PackLinkError(PackError):
    """The folder contains links or special files; `fields` lists all of them."""

    code, title = "pack-link", "Links in the folder"


class PackChangedError(PackError):
    """A file changed while it was being packed."""

    code, title = "pack-changed", "A file changed while packing"


class UnpackTargetError(ArchiveError):
    """The target folder exists and is not empty."""

    code, title = "unpack-target", "The target folder is not empty"


class UnpackFailedError(UnavailableError):
    """Writing a file failed. The package itself is valid. Its kind depends on the error number."""

    code, title = "unpack-failed", "The package cannot be unpacked"


def build_path_error(
    kind: type[PathErrorType],
    path: str,
    problem: str,
    *,
    hint: str | None = None,
    found: object = None,
    allowed: object = None,
) -> PathErrorType:
    """An error about one path. Its `detail` is the quoted path followed by `problem`."""
    shown = quote_text(path)
    context = {"path": shown[1:-1], "found": found, "allowed": allowed}
    known = {name: value for name, value in context.items() if value is not None}
    return kind(f"{shown} {problem}", hint=hint, context=known)


def build_unpack_failed_error(path: str, error: OSError) -> UnpackFailedError:
    """The error for a file or folder that cannot be written while unpacking."""
    result = build_path_error(
        UnpackFailedError,
        path,
        f"cannot be written: {error.strerror or 'unknown error'}",
        hint="Choose a writable folder on a disk with enough space.",
    )
    set_os_error_kind(result, error)
    return result
