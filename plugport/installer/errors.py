"""Why a plugin is not installed or removed."""

from __future__ import annotations

from typing import ClassVar

from plugport.spec.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    MissingError,
    UnavailableError,
)


class IntegrityError(InvalidError):
    """Bytes are not those that were promised. Nothing of them is installed."""

    code, title = "integrity-mismatch", "Integrity mismatch"
    is_integrity: ClassVar[bool] = True


class PackageMismatchError(IntegrityError):
    """A package holds another plugin or version than its release says."""

    code, title = "package-mismatch", "Package is another plugin"


class InstallBlockedError(DeniedError):
    """Trust, state or policy forbid the installation."""

    code, title = "install-blocked", "Installation is blocked"


class ConsentNeededError(DeniedError):
    """A person must agree first, and none did."""

    code, title = "consent-needed", "Consent is needed"


class NoSuchReleaseError(MissingError):
    """A plugin has no release that was asked for."""

    code, title = "no-such-release", "No such release"


class NotInstalledError(MissingError):
    """The plugin is not installed here."""

    code, title = "not-installed", "Not installed"


class NoSuchSourceError(MissingError):
    """The file or folder to install from is not there."""

    code, title = "no-such-source", "No such file or folder"


class UnknownSourceError(InvalidError):
    """What to install is written in no form that is known."""

    code, title = "unknown-install-source", "Cannot tell what to install"


class NeededByOthersError(ConflictError):
    """Another installed plugin depends on the one to remove."""

    code, title = "needed-by-others", "Needed by others"


class FolderInTheWayError(ConflictError):
    """There is a folder where the plugin belongs, and it was not installed by Plugport."""

    code, title = "folder-in-the-way", "Folder in the way"


class UnsafeFolderError(DeniedError):
    """A folder that must be the project's own is a link to somewhere else."""

    code, title = "unsafe-folder", "Unsafe folder"


class BrokenStateError(InvalidError):
    """The record of what is installed cannot be read."""

    code, title = "broken-install-record", "Broken record of installed plugins"


class BusyError(UnavailableError):
    """Another run of Plugport holds what this one needs."""

    code, title = "install-busy", "Another installation is running"
