"""What the registry refuses, one class a reason."""

from __future__ import annotations

from plugport.spec.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    LimitedError,
    MissingError,
    UnavailableError,
)


class UnknownPluginError(MissingError):
    """No plugin of that name is listed."""

    code, title = "unknown-plugin", "Unknown plugin"


class UnknownReleaseError(MissingError):
    """The plugin has no such release, or it is not public."""

    code, title = "unknown-release", "Unknown release"


class UnknownPublicationError(MissingError):
    """No upload of that id, or it is somebody else's."""

    code, title = "unknown-publication", "Unknown publication"


class ReleaseBlockedError(DeniedError):
    """The release is quarantined or revoked: its bytes are not served."""

    code, title = "release-blocked", "The release is blocked"


class VersionTakenError(ConflictError):
    """That version was published before, with other bytes. Versions are never reused."""

    code, title = "version-taken", "The version is taken"


class NameTakenError(ConflictError):
    """The name is too close to one that exists."""

    code, title = "name-collision", "The name is too close to another"


class NotMemberError(DeniedError):
    """The actor has no role in the plugin that allows this."""

    code, title = "not-a-member", "Not yours to change"


class ScopeDeniedError(DeniedError):
    """The scope belongs to somebody else."""

    code, title = "scope-denied", "The scope is not yours"


class OfficialScopeError(DeniedError):
    """An official scope is given out by the operator only."""

    code, title = "official-scope", "The scope is official"


class UploadTooLargeError(LimitedError):
    """The package is over the limit."""

    code, title = "upload-too-large", "Upload too large"


class UploadMissingError(InvalidError):
    """The form has no package."""

    code, title = "upload-missing", "No package was sent"


class UnexpectedFileError(InvalidError):
    """The form has a file that is not the one package."""

    code, title = "unexpected-file", "Unexpected file"


class LengthRequiredError(InvalidError):
    """A body came without its length."""

    code, title = "length-required", "The length is needed"


class InvalidTagError(InvalidError):
    """A dist-tag has a form that is not allowed."""

    code, title = "invalid-tag", "Invalid dist-tag"


class TransitionError(ConflictError):
    """The release is in a state from which this change is not allowed."""

    code, title = "state-conflict", "Not in this state"


class RateLimitedError(LimitedError):
    """Too many requests."""

    code, title = "rate-limited", "Too many requests"


class UnknownFileError(MissingError):
    """The release has no file of that path."""

    code, title = "unknown-file", "Unknown file"


class FileTooLargeToReadError(LimitedError):
    """The file is larger than what is read out of a package for this purpose."""

    code, title = "file-too-large", "The file is too large to be read here"


class FileTooDeepError(LimitedError):
    """Too much of its package would have to be unpacked to read the file for one reader."""

    code, title = "file-too-deep", "The file cannot be read alone"


class RangeError(InvalidError):
    """The requested byte range lies outside the file."""

    code, title = "range-not-satisfiable", "Range not satisfiable"


class StorageError(UnavailableError):
    """The package storage does not answer."""

    code, title = "storage-unavailable", "Storage not available"


class QueryError(InvalidError):
    """A query parameter has a value that is not allowed."""

    code, title = "invalid-query", "Invalid query"
