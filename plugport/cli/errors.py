"""The errors of the command line itself. `code` is stable: scripts read it from `--json`."""

from __future__ import annotations

import os

from plugport.spec.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    MissingError,
    PlugportError,
    UnavailableError,
)
from plugport.spec.os_errors import is_disk_full, set_os_error_kind


class UsageError(PlugportError):
    """The command line is wrong. Its exit code is not that of its kind."""

    code, title = "usage", "Wrong command line"


class FileSystemError(PlugportError):
    """The operating system reported an error. Its kind depends on the error number."""

    code, title = "file-system", "File system error"


class NotConfirmedError(DeniedError):
    """What cannot be undone was not confirmed."""

    code, title = "not-confirmed", "Not confirmed"


def build_file_system_error(error: OSError, subject: str = "") -> FileSystemError:
    """The error for one of the operating system, with its file or `subject`."""
    # Without the number: it differs between operating systems.
    reason = error.strerror or str(error) or type(error).__name__
    subject = subject or (f"`{error.filename}`" if error.filename else _name_lost_folder())
    hint = "Free some space, then run the same command again." if is_disk_full(error) else None
    result = FileSystemError(f"{subject}: {reason}" if subject else reason, hint=hint)
    set_os_error_kind(result, error)
    return result


class NoSuchTokenError(MissingError):
    """The account has no token with this id or beginning, or several."""

    code, title = "no-such-token", "No such token"


class NoInvitationError(MissingError):
    """The account has no pending invitation to the plugin."""

    code, title = "no-invitation", "No invitation"


class NoTransferError(MissingError):
    """The account has no open transfer of the plugin or scope."""

    code, title = "no-transfer", "No transfer"


class NoClaimError(MissingError):
    """The account has no open claim to the plugin or scope, and can answer none."""

    code, title = "no-claim", "No claim"


def _name_lost_folder() -> str:
    """The current folder if it was deleted: every relative path fails then, without a name."""
    try:
        os.getcwd()  # noqa: PTH109
    except OSError:
        return "the current folder"
    return ""


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


class HomeNotWritableError(DeniedError):
    """The folder for stored tokens cannot be written."""

    code, title = "home-not-writable", "Home folder not writable"


class LocaleError(InvalidError):
    """A text cannot be converted to or from the encoding of the locale."""

    code, title = "locale-encoding", "Wrong encoding of the locale"


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
