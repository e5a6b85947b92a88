"""The public JSON of plugins and releases (API-3a), and the columns that follow the manifest.

A plugin's document is written with every change and read as it is; a release's is built when
asked for. Keys are camelCase, times ISO 8601 in UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone

from registry.headings import file_plugin, keep_headings
from registry.models import Artifact, CheckRun, Plugin, Release, Role, Trust
from registry.publishing.states import ReleaseState
from registry.publishing.tags import LATEST, update_dist_tags

# What an author may set beside the manifest (PATCH and PUT of a plugin).
EDITABLE = (
    "displayName",
    "description",
    "homepage",
    "repository",
    "categories",
    "tags",
)
_POLICY_BY_TRUST = {
    Trust.OFFICIAL: "auto",
    Trust.VERIFIED: "auto",
    Trust.COMMUNITY: "notice",
    Trust.EXPERIMENTAL: "ask",
    Trust.UNTRUSTED: "block",
}


def format_time(value: dt.datetime | None) -> str | None:
    """ISO 8601 in UTC to the millisecond, with `Z`."""
    if value is None:
        return None
    return value.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_FOLLOWING = (
    "kind",
    "dialect",
    "display_name",
    "description",
    "author_name",
    "license",
    "trust",
    "is_listed",
    "document",
    "latest",
    "updated_at",
)


def refresh_plugin(plugin_id: int) -> Plugin:
    """Bring dist-tags, columns, headings and document up to date with releases and edits.

    Call it inside the transaction of the change: it locks the plugin's row, so that of two
    releases decided at once the second sees the first. A plugin without a release that can be
    installed is not listed. Counters are not written, others add to them meanwhile.
    """
    rows = Plugin.objects.select_for_update(of=("self",)).select_related("scope")
    plugin = rows.get(pk=plugin_id)
    tags = update_dist_tags(plugin)
    latest = plugin.latest = tags.get(LATEST)
    manifest = latest.contents.manifest if latest is not None else {}
    was_listed, plugin.is_listed = plugin.is_listed, latest is not None
    plugin.updated_at = timezone.now()
    headings = {}
    if latest is not None:
        shown = get_shown_metadata(plugin, manifest)
        copy_columns(plugin, shown)
        plugin.trust = latest.trust
        headings = {name: cut_slugs(shown.get(name, [])) for name in ("categories", "tags")}
    file_plugin(plugin, headings, was_listed=was_listed)
    plugin.document = build_plugin_document(
        plugin,
        latest,
        manifest,
        owners=_list_owners(plugin),
        dist_tags={name: tags[name].version for name in sorted(tags)},
    )
    plugin.save(update_fields=_FOLLOWING)
    return plugin


def _list_owners(plugin: Plugin) -> list[str]:
    owners = plugin.members.filter(role=Role.OWNER).order_by("created_at", "id")
    return list(owners.values_list("user__username", flat=True))


def copy_columns(plugin: Plugin, shown: Mapping[str, Any]) -> None:
    """Set the columns that lists filter and sort by; what is too long for its column is cut."""
    plugin.kind = shown["kind"]
    plugin.dialect = shown["dialect"]
    plugin.display_name = (shown.get("displayName") or "")[:200]
    plugin.description = shown.get("description") or ""
    plugin.author_name = ((shown.get("author") or {}).get("name") or "")[:200]
    plugin.license = (shown.get("license") or "")[:200]


def cut_slugs(slugs: Iterable[str]) -> list[str]:
    """Each slug once, no longer than its column, without those that no heading can have."""
    return list(dict.fromkeys(keep_headings(slug[:60] for slug in slugs)))


def get_shown_metadata(plugin: Plugin, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with the author's edits over it."""
    return {**manifest, **{k: v for k, v in plugin.metadata.items() if k in EDITABLE}}


def build_plugin_document(
    plugin: Plugin,
    latest: Release | None,
    manifest: Mapping[str, Any],
    *,
    owners: Sequence[str],
    dist_tags: Mapping[str, str],
) -> dict[str, Any]:
    """The part of the plugin's JSON that changes only by actions; counters are joined at reading.

    `manifest` is that of the release `latest`, empty without one: then every release is blocked
    or yanked, and what the author says of the plugin is left out, edits too. Costs no query where
    the plugin's scope is loaded.
    """
    shown = get_shown_metadata(plugin, manifest) if latest is not None else {}
    author = shown.get("author")
    scope = plugin.scope
    return {
        "name": plugin.name,
        "displayName": shown.get("displayName") or plugin.name,
        "description": shown.get("description") or "",
        "type": plugin.kind,
        "author": {"name": author["name"], "url": author.get("url")} if author else None,
        "owners": list(owners),
        "repository": shown.get("repository"),
        "homepage": shown.get("homepage"),
        "license": shown.get("license"),
        "categories": keep_headings(shown.get("categories", [])),
        "tags": keep_headings(shown.get("tags", [])),
        "dialect": plugin.dialect,
        "latestVersion": latest.version if latest else None,
        "distTags": dict(dist_tags),
        "trust": plugin.trust,
        "trustScore": None,
        "verified": plugin.trust in (Trust.VERIFIED, Trust.OFFICIAL),
        "official": scope is not None and scope.is_official,
        "deprecated": build_deprecation(latest) if latest else None,
        "registry": settings.REGISTRY_NAME,
        "createdAt": format_time(plugin.created_at),
        "updatedAt": format_time(plugin.updated_at),
    }


def join_counters(plugin: Plugin) -> dict[str, Any]:
    """The plugin's whole JSON: its document and its counters."""
    return {
        **plugin.document,
        "downloads": plugin.downloads,
        "weeklyDownloads": plugin.weekly_downloads,
        "rating": round(plugin.rating, 2),
        "ratingCount": plugin.rating_count,
    }


def build_deprecation(release: Release) -> dict[str, Any] | None:
    """Message and replacement of a deprecated release."""
    if release.deprecated_at is None:
        return None
    return {
        "message": release.deprecated_message,
        "replacement": release.replacement or None,
        "at": format_time(release.deprecated_at),
    }


def get_install_policy(release: Release) -> str:
    """What a client does by default (CLI-2): `auto`, `notice`, `ask` or `block`."""
    if release.state != ReleaseState.PUBLISHED:
        return "block"
    return _POLICY_BY_TRUST[Trust(release.trust)]


def build_release_summary(release: Release, artifact: Artifact) -> dict[str, Any]:
    """A release without what makes it large: files, README, checks. For lists."""
    manifest = release.contents.manifest
    yanked = release.yanked_at and {
        "reason": release.yanked_reason,
        "at": format_time(release.yanked_at),
    }
    base = f"{settings.BASE_URL}/api/v1/plugins/{release.plugin.name}/{release.version}"
    return {
        "name": release.plugin.name,
        "version": release.version,
        "state": release.state,
        "stateReason": release.verdict_reason if not release.is_served else None,
        "description": release.contents.changelog_entry,
        "deprecated": build_deprecation(release),
        "yanked": yanked or None,
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
        "packageUrl": f"{base}/download",
        "integrity": artifact.integrity,
        "checksum": artifact.sha256,
        "size": artifact.size_bytes,
        "unpackedSize": release.unpacked_bytes,
        "downloads": release.downloads,
        "trust": release.trust,
        "installPolicy": get_install_policy(release),
        "publishedBy": release.published_by.username,
        "createdAt": format_time(release.created_at),
        "publishedAt": format_time(release.published_at),
    }


def build_release_document(
    release: Release, artifact: Artifact, checks: Iterable[CheckRun]
) -> dict[str, Any]:
    """A release with all that is known of it, without the README of one that is blocked."""
    contents = release.contents
    return {
        **build_release_summary(release, artifact),
        "type": contents.manifest.get("kind"),
        "dialect": contents.manifest.get("dialect"),
        "manifestPath": contents.manifest_path,
        "manifest": contents.manifest,
        "warnings": contents.warnings,
        "files": contents.files,
        "readme": contents.readme if release.is_served else "",
        "licenceFiles": sorted(contents.licences),
        "provenance": None,
        "checks": [build_check(run) for run in checks],
    }


def build_check(run: CheckRun) -> dict[str, Any]:
    """One check as its author reads it."""
    from registry.checks import get_check_title

    return {
        "name": run.name,
        "title": get_check_title(run.name),
        "state": run.state,
        "durationMs": run.duration_ms,
        "findings": run.findings,
    }
