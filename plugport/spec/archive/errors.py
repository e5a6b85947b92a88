"""What can be wrong with a package, one class and one code per reason.

    ArchiveError
    ├── ContainerError    the file, its gzip stream, or what lies around the tar archive
    ├── HeaderError       a tar header that cannot be trusted
    ├── MemberError       a member of a kind that a package may not hold
    ├── PathError         a member's name
    ├── LimitError        a ceiling of `ArchiveLimits`
    └── PackError         a folder that cannot become a package

Messages quote paths with `plugport.spec.text.show`, so hostile names are safe to print. `context`
carries `path`, `found` and `allowed` where they apply, for programs. Groups have no code of
their own.
"""

from __future__ import annotations

from typing import TypeVar

from plugport.spec.errors import InvalidError, UnavailableError
from plugport.spec.text import show

PathErrorType = TypeVar("PathErrorType", bound="ArchiveError | UnpackFailedError")


class ArchiveError(InvalidError):
    """A package cannot be taken. Catch this one to catch them all."""

    code, title = "invalid-archive", "Invalid package"


class ContainerError(ArchiveError):
    """The file is not one whole gzip stream around one whole tar archive."""

    title = "Not a gzipped tar archive"


class UnreadableArchiveError(ContainerError):
    """The file does not exist, is no regular file, or may not be read."""

    code, title = "archive-unreadable", "The package cannot be read"


class EmptyArchiveError(ContainerError):
    """The file has no bytes."""

    code, title = "archive-empty", "The package is empty"


class WrongFormatError(ContainerError):
    """The file is something else: a zip file, a plain tar archive, a page of HTML."""

    code, title = "archive-wrong-format", "Not a gzipped tar archive"


class TruncatedArchiveError(ContainerError):
    """The gzip stream or the tar archive ends too early."""

    code, title = "archive-truncated", "The package is cut short"


class CorruptGzipError(ContainerError):
    """The compressed data breaks the rules of DEFLATE or of the gzip header."""

    code, title = "archive-corrupt", "The package is damaged"


class GzipChecksumError(ContainerError):
    """The gzip stream's CRC-32 or length does not match its content."""

    code, title = "archive-bad-checksum", "The package is damaged"


class TrailingDataError(ContainerError):
    """Something follows the end of the gzip stream or of the tar archive."""

    code, title = "archive-trailing-data", "Data after the end of the package"


class SeveralStreamsError(ContainerError):
    """Several gzip streams follow one another: some tools read one of them, some read all."""

    code, title = "archive-several-streams", "Several gzip streams in one file"


class NoFilesError(ContainerError):
    """The archive is well formed but holds no file."""

    code, title = "archive-no-files", "The package holds no file"


class HeaderError(ArchiveError):
    """A tar header does not follow the standard, or says two things at once."""

    code, title = "archive-bad-header", "Malformed tar header"


class HeaderChecksumError(HeaderError):
    """A tar header's checksum is wrong."""

    code, title = "archive-bad-header-checksum", "Damaged tar header"


class MemberError(ArchiveError):
    """A member that is neither a regular file nor a folder."""

    code, title = "archive-member-kind", "Not allowed in a package"


class LinkError(MemberError):
    """A symbolic or hard link, wherever it points."""

    code, title = "archive-link", "Links are not allowed in a package"


class DeviceError(MemberError):
    """A character or block device."""

    code, title = "archive-device", "Devices are not allowed in a package"


class FifoError(MemberError):
    """A named pipe."""

    code, title = "archive-fifo", "Named pipes are not allowed in a package"


class SparseError(MemberError):
    """A sparse member, which unpacks to more than the archive holds."""

    code, title = "archive-sparse", "Sparse files are not allowed in a package"


class PathError(ArchiveError):
    """A member's name cannot be used."""

    title = "Invalid path in the package"


class PathTraversalError(PathError):
    """A name with a `..` part."""

    code, title = "archive-path-traversal", "A path leads out of the package"


class AbsolutePathError(PathError):
    """A name that starts at a root, a drive or a network share."""

    code, title = "archive-path-absolute", "Absolute path in the package"


class BackslashPathError(PathError):
    """A name with a backslash, which is a separator on some systems."""

    code, title = "archive-path-backslash", "Backslash in a path"


class ControlCharacterError(PathError):
    """A name with NUL, control, bidirectional-formatting or line-separating characters."""

    code, title = "archive-path-control-character", "Control character in a path"


class PathEncodingError(PathError):
    """A name that is not UTF-8."""

    code, title = "archive-path-encoding", "A path is not UTF-8"


class PathTooLongError(PathError):
    """A name, or one part of it, with too many bytes."""

    code, title = "archive-path-too-long", "A path is too long"


class PathTooDeepError(PathError):
    """A name with too many parts."""

    code, title = "archive-path-too-deep", "A path is nested too deeply"


class UnportablePathError(PathError):
    """A name that some system cannot store, such as `aux.js` or `a?.txt` on Windows."""

    code, title = "archive-path-unportable", "A path that not every system can store"


class MalformedPathError(PathError):
    """A name with an empty or `.` part, or a file whose name ends in a slash."""

    code, title = "archive-path-malformed", "Malformed path in the package"


class DuplicatePathError(PathError):
    """Two members with one name."""

    code, title = "archive-path-duplicate", "The same path twice"


class PathCollisionError(PathError):
    """Two names that some systems take for one: equal but for case or Unicode form."""

    code, title = "archive-path-collision", "Two paths that some systems take for one"


class PathConflictError(PathError):
    """One name is both a file and a folder."""

    code, title = "archive-path-conflict", "A path is both a file and a folder"


class ManifestNotFileError(PathError):
    """A folder bears a manifest's name."""

    code, title = "archive-manifest-not-file", "The manifest is not a file"


class LimitError(ArchiveError):
    """A ceiling of `ArchiveLimits` is passed."""

    title = "A limit is passed"


class ArchiveTooLargeError(LimitError):
    """The compressed file is larger than `archive_bytes`."""

    code, title = "archive-too-large", "The package is too large"


class UnpackedTooLargeError(LimitError):
    """The files together are larger than `unpacked_bytes`."""

    code, title = "archive-unpacked-too-large", "The package unpacks to too much"


class FileTooLargeError(LimitError):
    """One file is larger than `file_bytes`, or claims to be."""

    code, title = "archive-file-too-large", "A file is too large"


class BombError(LimitError):
    """The content is more than `ratio` times the size of the archive."""

    code, title = "archive-bomb", "A decompression bomb"


class TooManyEntriesError(LimitError):
    """More files and folders than `entries`, or paths of more than `paths_bytes` in total."""

    code, title = "archive-too-many-entries", "Too many files"


class HeaderTooLargeError(LimitError):
    """An extended header is larger than `header_bytes`, or all are than `headers_bytes`."""

    code, title = "archive-header-too-large", "A tar header is too large"


class ManifestTooLargeError(LimitError):
    """A manifest is larger than `manifest_bytes`."""

    code, title = "archive-manifest-too-large", "The manifest is too large"


class PackError(ArchiveError):
    """A folder cannot be packed."""

    code, title = "pack-failed", "The folder cannot be packed"


class PackSecretError(PackError):
    """The folder holds files that are secrets by their name; `fields` lists every path."""

    code, title = "pack-secret-file", "Secrets in the folder"


class PackLinkError(PackError):
    """The folder holds links or special files; `fields` lists every path."""

    code, title = "pack-link", "Links in the folder"


class PackChangedError(PackError):
    """A file changed while it was being packed."""

    code, title = "pack-changed", "A file changed while packing"


class UnpackTargetError(ArchiveError):
    """The folder to unpack into is not free."""

    code, title = "unpack-target", "The folder is not free"


class UnpackFailedError(UnavailableError):
    """The disk refused a file; the package itself is not at fault."""

    code, title = "unpack-failed", "The package cannot be written"


def make_path_error(
    kind: type[PathErrorType],
    path: str,
    fault: str,
    *,
    hint: str | None = None,
    found: object = None,
    allowed: object = None,
) -> PathErrorType:
    """Make an error about one path: `fault` follows the path, made safe to show, in `detail`."""
    shown = show(path)
    context = {"path": shown[1:-1], "found": found, "allowed": allowed}
    known = {name: value for name, value in context.items() if value is not None}
    return kind(f"{shown} {fault}", hint=hint, context=known)
