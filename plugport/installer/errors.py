"""The errors of installing and removing plugins."""

from __future__ import annotations

from typing import ClassVar

from plugport.spec.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    LimitedError,
    MissingError,
    UnavailableError,
)


class IntegrityError(InvalidError):
    """A package does not have the expected digest or size. Nothing was installed."""

    code, title = "integrity-mismatch", "Integrity mismatch"
    # Read by `exit_codes`, which must not import the installer.
    is_integrity: ClassVar[bool] = True


class PackageMismatchError(IntegrityError):
    """A package contains another plugin or version than its release names."""

    code, title = "package-mismatch", "Package contains another plugin"


class InstallBlockedError(DeniedError):
    """Trust level, state or policy do not allow the installation."""

    code, title = "install-blocked", "Installation is blocked"


class ConsentRequiredError(DeniedError):
    """The user must agree first and has not."""

    code, title = "consent-needed", "Consent required"


class PublisherChangedError(DeniedError):
    """A version belongs to another owner than the installed one, and the user has not accepted it."""

    code, title = "publisher-changed", "Publisher changed"


class NoSuchReleaseError(MissingError):
    """A plugin has no release for the requested version, range or dist-tag."""

    code, title = "no-such-release", "No such release"


class NotInstalledError(MissingError):
    """The plugin is not installed in this project."""

    code, title = "not-installed", "Not installed"


class NoSuchSourceError(MissingError):
    """The file or folder to install does not exist."""

    code, title = "no-such-source", "No such file or folder"


class UnknownSourceError(InvalidError):
    """The text is neither a plugin, a path nor a URL."""

    code, title = "unknown-install-source", "Invalid install source"


class HasDependentsError(ConflictError):
    """Another installed plugin depends on the plugin to remove."""

    code, title = "needed-by-others", "Plugin has dependents"


class DependencyNotFoundError(MissingError):
    """A plugin needs another plugin of which the registry has no installable release that fits."""

    code, title = "dependency-not-found", "Dependency not found"


class DependencyConflictError(ConflictError):
    """No version of a plugin fits all plugins that need it. Only one can be installed."""

    code, title = "dependency-conflict", "Dependencies conflict"


class DependencyLimitError(LimitedError):
    """A plugin needs too many other plugins, or a choice of versions takes too long."""

    code, title = "dependency-limit", "Too many dependencies"


class EngineMismatchError(ConflictError):
    """A runtime on this machine has a version that the plugin does not support."""

    code, title = "engine-mismatch", "Runtime does not fit"


class FolderExistsError(ConflictError):
    """The plugin's folder exists and was not installed by Plugport."""

    code, title = "folder-in-the-way", "Folder exists"


class UnsafeFolderError(DeniedError):
    """A folder of the installation is a symbolic link."""

    code, title = "unsafe-folder", "Unsafe folder"


class BrokenRecordError(InvalidError):
    """The record of installed plugins cannot be read."""

    code, title = "broken-install-record", "Invalid record of installed plugins"


class InstallBusyError(UnavailableError):
    """Another Plugport process holds the lock."""

    code, title = "install-busy", "Another installation is running"
