"""What a plugin may do that the version before it may not, installed or released (REL-8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from plugport.client.client import RegistryClient
from plugport.client.models import Release, ReleaseGain
from plugport.installer.errors import ConsentNeededError
from plugport.installer.state import InstalledPlugin
from plugport.spec.comparing.permissions import find_uncovered
from plugport.spec.errors import PlugportError
from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import join_permissions
from plugport.spec.versions import Version


@dataclass(frozen=True, slots=True)
class Gain:
    """A version that is to replace the installed one, and what it may do beyond it."""

    installed: InstalledPlugin
    version: Version
    permissions: Permissions


# Returns if a person agrees; raises `ConsentNeededError` if none does.
Agree = Callable[[Gain], None]


def find_gain(
    installed: InstalledPlugin | None,
    version: Version,
    permissions: Permissions,
    *,
    agreed: Permissions | None = None,
) -> Gain | None:
    """What the version gains over the installed one and over what was `agreed`; None for nothing.

    A plugin that is not installed yet gains nothing: whether to install it at all is another
    question (`decide_install`), and what its release gained is only told (`find_release_gain`).
    """
    if installed is None:
        return None
    held = join_permissions(installed.permissions, agreed or Permissions())
    gained = find_uncovered(permissions, by=held)
    return Gain(installed, version, gained) if gained != Permissions() else None


def find_release_gain(client: RegistryClient, release: Release) -> ReleaseGain | None:
    """What the registry says that the release gained over the one before it; None for nothing.

    Nothing is claimed where it does not answer: registries need not compare releases.
    """
    if release.permissions == Permissions():
        return None
    try:
        gain = client.get_gain(release)
    except PlugportError:
        return None
    return gain if gain is not None and gain.permissions != Permissions() else None


def agree_to_nothing(gain: Gain) -> None:
    """Raise `ConsentNeededError`: there is nobody to ask."""
    raise ConsentNeededError(
        f"`{gain.installed.name}@{gain.version}` asks for more permissions than the installed"
        f" {gain.installed.version}",
        hint="Compare the two versions first.",
    )
