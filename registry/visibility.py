"""What the readers of a release may see in each state.

A quarantined or revoked release may be malware or abuse, and its texts may be the attack: links,
file names, a message to users. Of such a release only the state, the moderator's reason and the
facts are public that help people who have installed it.

The members of the plugin and moderators may see everything in every state: they decide about the
release, or correct it. Only the package of a rejected release is deleted.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from plugport.spec.api.releases import Finding
from registry.errors import PackageDeletedError
from registry.models import CheckRun, Release, ReleaseContents
from registry.models.states import ReleaseState
from registry.policies import check_served

# What a client needs to know about an installed release.
_FACTS = (
    *("name", "version", "kind", "dialect"),
    *("dependencies", "engine", "framework", "permissions"),
)


class Audience(Enum):
    """The readers of a page: everyone, or only members of the plugin and moderators."""

    EVERYONE = "everyone"
    MEMBERS = "members"


def get_contents(release: Release, audience: Audience) -> ReleaseContents:
    """Return the contents that these readers may see."""
    if audience is Audience.EVERYONE:
        return get_public_contents(release)
    contents: ReleaseContents = release.contents
    return contents


def has_package(release: Release) -> bool:
    """Whether the package exists. That of a rejected release is deleted."""
    return release.state != ReleaseState.REJECTED


def check_package_shown(release: Release, audience: Audience) -> None:
    """Raise unless these readers may see the package.

    Raises `ReleaseBlockedError` for everyone, and `PackageDeletedError` for members.
    """
    if audience is Audience.EVERYONE:
        check_served(release)
    elif not has_package(release):
        raise PackageDeletedError(
            f"The package of `{release}` is deleted, because the release was rejected.",
            hint="Publish the version again.",
        )


def get_public_contents(release: Release) -> ReleaseContents:
    """Return the contents that may be shown; of a blocked release an unsaved object without texts."""
    contents: ReleaseContents = release.contents
    if not release.is_blocked:
        return contents
    facts = {name: value for name, value in contents.manifest.items() if name in _FACTS}
    return ReleaseContents(release=release, manifest=facts)


def get_public_manifest(release: Release) -> dict[str, Any]:
    """Return the manifest that may be shown; of a blocked release its facts."""
    manifest: dict[str, Any] = get_public_contents(release).manifest
    return manifest


def get_public_text(release: Release, text: str) -> str:
    """Return a text that the author attached to the release, or "" if the release is blocked."""
    return "" if release.is_blocked else text


def get_public_findings(release: Release, run: CheckRun) -> list[Finding]:
    """Return the findings of a check, which quote the package; none if the release is blocked."""
    findings: list[Finding] = run.findings
    return [] if release.is_blocked else findings
