"""Permissions that a version has and an earlier one has not, installed or released (REL-8)."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from plugport.client.client import RegistryClient
from plugport.client.models import Release, ReleasePermissionChanges
from plugport.installer.errors import ConsentRequiredError
from plugport.installer.install_record import InstalledPlugin
from plugport.spec.diff.permissions import subtract_covered
from plugport.spec.errors import PlugportError
from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import join_permissions
from plugport.spec.versions import Version


class PermissionChanges(Struct, frozen=True):
    """A version that replaces the installed one, and the permissions that it gains."""

    installed: InstalledPlugin
    version: Version
    permissions: Permissions


# Returns if the user agrees, else raises `ConsentRequiredError`.
ConfirmChanges = Callable[[PermissionChanges], None]


def find_permission_changes(
    installed: InstalledPlugin | None,
    version: Version,
    permissions: Permissions,
    *,
    agreed: Permissions | None = None,
) -> PermissionChanges | None:
    """The permissions that neither the installed version nor `agreed` covers; None without any.

    A plugin that is not installed gains nothing: `decide_install` decides about it, and
    `find_release_permission_changes` finds what to print.
    """
    if installed is None:
        return None
    # `agreed` are permissions that were confirmed a moment ago: do not prompt twice.
    granted = join_permissions(installed.permissions, agreed or Permissions())
    gained = subtract_covered(permissions, by=granted)
    return PermissionChanges(installed, version, gained) if gained != Permissions() else None


def find_release_permission_changes(
    client: RegistryClient, release: Release
) -> ReleasePermissionChanges | None:
    """The permissions that a release gained over the one before it; None without any.

    Also None if the registry cannot compare releases: the result is for information only.
    """
    # Saves the request: without permissions nothing can be gained.
    if release.permissions == Permissions():
        return None
    try:
        changes = client.find_permission_changes(release)
    except PlugportError:
        return None
    return changes if changes is not None and changes.permissions != Permissions() else None


def refuse_changes(changes: PermissionChanges) -> None:
    """The `ConfirmChanges` without a user. Raises `ConsentRequiredError`."""
    raise ConsentRequiredError(
        f"`{changes.installed.name}@{changes.version}` needs more permissions than the installed"
        f" {changes.installed.version}",
        hint="Compare the two versions, then confirm the changes.",
    )
