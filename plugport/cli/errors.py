"""The errors of the command line itself. `code` is stable: scripts read it from `--json`."""

from __future__ import annotations

from plugport.spec.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    MissingError,
    PlugportError,
    UnavailableError,
)


class UsageError(PlugportError):
    """The command line is wrong. Its exit code is not that of its kind."""

    code, title = "usage", "Wrong command line"


class FileSystemError(PlugportError):
    """The operating system reported an error. Its kind depends on the error number."""

    code, title = "file-system", "File system error"


class InternalError(PlugportError):
    """A bug in Plugport."""

    code, title = "internal", "Internal error"


class RunInterruptedError(InvalidError):
    """The user stopped the run."""

    code, title = "interrupted", "Interrupted"


class NotLoggedInError(DeniedError):
    """There is no token for the registry."""

    code, title = "not-logged-in", "Not logged in"


class BrokenCredentialsError(InvalidError):
    """The file with stored tokens cannot be read."""

    code, title = "broken-credentials", "Invalid credentials file"


class KeyringError(UnavailableError):
    """The keyring cannot be read or changed."""

    code, title = "keyring-unavailable", "Keyring not available"


class NoSuchPackageError(MissingError):
    """The folder or package file named on the command line does not exist."""

    code, title = "no-such-package", "No such folder or package"


class UnsafeOutputError(ConflictError):
    """The package would replace something that is not a regular file."""

    code, title = "unsafe-output", "Output is not a file"


class IncompletePackageError(UnavailableError):
    """The reader of the output stopped before the package was complete."""

    code, title = "incomplete-package", "Package not complete"


class ValidationFailedError(InvalidError):
    """Checks found errors, which were printed before."""

    code, title = "validation-failed", "Validation failed"


class ProblemsFoundError(InvalidError):
    """`plugport doctor` found problems, which were printed before."""

    code, title = "problems-found", "Problems found"


class NoScaffoldError(InvalidError):
    """A manifest format does not have the requested kind."""

    code, title = "no-scaffold", "No such template"


class FilesExistError(ConflictError):
    """Files to write exist already. Nothing was written."""

    code, title = "files-exist", "Files exist"


class ReleaseRejectedError(InvalidError):
    """The registry rejected the release."""

    code, title = "release-rejected", "Release rejected"


class ReleaseHeldError(UnavailableError):
    """A moderator must review the release before it is published."""

    code, title = "release-held", "Release held for review"


class VerdictPendingError(UnavailableError):
    """The registry did not decide within the timeout."""

    code, title = "verdict-pending", "Checks not finished"
