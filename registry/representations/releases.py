"""The JSON of releases, their checks, and the status of a publication."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings

from common.times import format_time
from plugport.spec.api import releases as api
from plugport.spec.changelog import cut_text
from registry.checks import get_check_title
from registry.models import Artifact, CheckRun, Plugin, Release, Trust
from registry.models.states import ReleaseState
from registry.package_limits import LISTED_CHANGELOG_CHARS
from registry.representations.plugins import build_deprecation
from registry.visibility import (
    get_public_contents,
    get_public_findings,
    get_public_manifest,
    get_public_text,
)

_POLICY_BY_TRUST = {
    Trust.OFFICIAL: "auto",
    Trust.VERIFIED: "auto",
    Trust.COMMUNITY: "notice",
    Trust.EXPERIMENTAL: "ask",
    Trust.UNTRUSTED: "block",
}


def get_install_policy(release: Release) -> str:
    """Return what a client does by default: `auto`, `notice`, `ask` or `block`."""
    if release.state != ReleaseState.PUBLISHED:
        return "block"
    return _POLICY_BY_TRUST[Trust(release.trust)]


def build_release_summary(
    release: Release, artifact: Artifact, *, changelog_entry: str
) -> api.ReleaseSummary:
    """Return a release for lists, without files, README and checks."""
    manifest = get_public_manifest(release)
    return {
        "name": release.plugin.name,
        "version": release.version,
        "state": release.state,
        "stateReason": release.verdict_reason if not release.is_served else None,
        "description": get_public_text(release, changelog_entry),
        "deprecated": build_deprecation(release),
        "yanked": _build_yank(release),
        "prerelease": release.is_prerelease,
        "dependencies": {
            "plugins": {},
            "packages": {},
            "peer": {},
            **manifest.get("dependencies", {}),
        },
        "engine": manifest.get("engine", {}),
        "framework": manifest.get("framework"),
        "permissions": manifest.get("permissions", {}),
        "packageUrl": f"{build_release_url(release)}/download",
        "integrity": artifact.integrity,
        "checksum": artifact.sha256,
        "size": artifact.size_bytes,
        "unpackedSize": release.unpacked_bytes,
        "downloads": release.downloads,
        "trust": release.trust,
        "installPolicy": get_install_policy(release),
        "publishedBy": release.published_by.username,
        "publisher": _build_publisher(release),
        "trustedPublisher": _build_run(release),
        "createdAt": format_time(release.created_at),
        "publishedAt": format_time(release.published_at),
    }


def _build_publisher(release: Release) -> api.ReleasePublisher | None:
    owner = release.publisher
    return {"name": owner.name, "kind": owner.kind} if owner is not None else None


def _build_run(release: Release) -> api.TrustedRun | None:
    """Return what the CI job said of itself; nothing of a blocked release, whose author chose it."""
    run = release.publisher_run
    if not run or release.is_blocked:
        return None
    return {
        "provider": run["provider"],
        "repository": run.get("repository"),
        "commit": run.get("commit"),
        "ref": run.get("ref"),
        "workflow": run.get("workflow"),
        "environment": run.get("environment"),
        "url": run.get("url"),
        "issuer": run.get("issuer"),
        "subject": run.get("subject"),
    }


def _build_yank(release: Release) -> api.Yank | None:
    if release.yanked_at is None:
        return None
    reason = get_public_text(release, release.yanked_reason)
    return {"reason": reason, "at": format_time(release.yanked_at)}


def build_release_url(release: Release) -> str:
    """Return the address of the release in the API."""
    return f"{settings.BASE_URL}/api/v1/plugins/{release.plugin.name}/{release.version}"


def build_status_url(release: Release) -> str:
    """Return the address at which the publisher follows an upload."""
    return f"{settings.BASE_URL}/api/v1/publications/{release.public_id}"


def build_publication_url(release: Release) -> str:
    """Return the address of the page about an upload, for the members of its plugin."""
    return f"{settings.BASE_URL}/publications/{release.public_id}"


def build_release_document(
    release: Release, artifact: Artifact, checks: Iterable[CheckRun]
) -> api.Release:
    """Return the whole release; of a blocked one what `registry.visibility` allows."""
    contents = get_public_contents(release)
    return {
        **build_release_summary(release, artifact, changelog_entry=contents.changelog_entry),
        "type": contents.manifest.get("kind"),
        "dialect": contents.manifest.get("dialect"),
        "manifestPath": contents.manifest_path,
        "manifest": contents.manifest,
        "warnings": contents.warnings,
        "files": contents.files,
        "readme": contents.readme if release.is_served else "",
        "licenceFiles": sorted(contents.licences),
        "provenance": None,
        "checks": [
            {**build_check(run), "findings": get_public_findings(release, run)} for run in checks
        ],
    }


def build_published_release(
    release: Release,
    artifact: Artifact,
    checks: Iterable[CheckRun],
    *,
    hidden_dependencies: Sequence[str],
) -> api.PublishedRelease:
    """Return the release as the response to its upload."""
    return {
        **build_release_document(release, artifact, checks),
        "hiddenDependencies": list(hidden_dependencies),
        "statusUrl": build_status_url(release),
        "publicationUrl": build_publication_url(release),
    }


def build_version_list(
    plugin: Plugin, releases: Iterable[tuple[Release, Artifact]]
) -> api.VersionList:
    """Return all releases of a plugin."""
    return {
        "name": plugin.name,
        "distTags": plugin.document.get("distTags", {}),
        "versions": [
            build_release_summary(release, artifact, changelog_entry=_cut_changelog_entry(release))
            for release, artifact in releases
        ],
    }


def _cut_changelog_entry(release: Release) -> str:
    """Return the start of the changelog entry of a release from `list_releases`."""
    start: str = getattr(release, "changelog_start", "")
    return cut_text(start, LISTED_CHANGELOG_CHARS)


def build_publication(
    release: Release, checks: Sequence[CheckRun], *, hidden_dependencies: Sequence[str]
) -> api.Publication:
    """Return the status of an upload."""
    finish_times = [run.finished_at for run in checks if run.finished_at]
    # Checks that have finished do not finish the upload: the decision may still be missing.
    is_decided = release.state != ReleaseState.CHECKING
    return {
        "id": str(release.public_id),
        "name": release.plugin.name,
        "version": release.version,
        "state": release.state,
        "tag": release.tag or None,
        "verdict": release.verdict_reason or None,
        "checks": [build_check(run) for run in checks],
        "hiddenDependencies": list(hidden_dependencies),
        "publicationUrl": build_publication_url(release),
        "pageUrl": f"{settings.BASE_URL}/plugins/{release.plugin.name}",
        "releaseUrl": build_release_url(release),
        "createdAt": format_time(release.created_at),
        "finishedAt": format_time(max(finish_times)) if is_decided and finish_times else None,
    }


def build_check(run: CheckRun) -> api.Check:
    """Return one check with its findings."""
    return {
        "name": run.name,
        "title": get_check_title(run.name),
        "state": run.state,
        "durationMs": run.duration_ms,
        "findings": run.findings,
    }
