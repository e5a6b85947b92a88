"""What everyone may see of a release in each state.

A quarantined or revoked release may be malware or abuse, and its texts may be the attack: links,
file names, a message to users. Of such a release only the state, the moderator's reason and the
facts are public that help people who have installed it.
"""

from __future__ import annotations

from typing import Any

from plugport.spec.api.releases import Finding
from registry.models import CheckRun, Release, ReleaseContents

# What a client needs to know about an installed release.
_FACTS = (
    *("name", "version", "kind", "dialect"),
    *("dependencies", "engine", "framework", "permissions"),
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
