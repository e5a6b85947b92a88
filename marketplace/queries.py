"""Reads for pages. Each says how many SQL queries it costs; tests pin those numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Prefetch, Q, Subquery

from accounts.models import User
from plugport.spec.text import show
from registry import queries
from registry.errors import UnknownReleaseError
from registry.models import Artifact, CheckRun, Member, Plugin, Release
from registry.publishing.states import PUBLIC_STATES

SHOWN_VERSIONS = 200
MINE_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class HomePage:
    """What the first page shows."""

    total: int
    categories: Sequence[tuple[str, int]]
    featured: Sequence[Plugin]
    popular: Sequence[Plugin]
    recent: Sequence[Plugin]


def read_home() -> HomePage:
    """The first page: 5 queries."""
    return HomePage(
        total=queries.count_plugins(),
        categories=queries.list_categories(),
        featured=queries.list_top("downloads", 3, only_featured=True),
        popular=queries.list_top("downloads", 8),
        recent=queries.list_top("recent", 8),
    )


@dataclass(frozen=True, slots=True)
class PluginPage:
    """A plugin, the release that is shown of it, and its other versions."""

    plugin: Plugin
    release: Release
    artifact: Artifact
    checks: Sequence[CheckRun]
    versions: Sequence[Release]
    has_more_versions: bool
    tags_by_version: Mapping[str, Sequence[str]]
    known_names: frozenset[str]

    @property
    def manifest(self) -> dict[str, Any]:
        """The normalised manifest of the release that is shown."""
        manifest: dict[str, Any] = self.release.contents.manifest
        return manifest

    @property
    def is_latest(self) -> bool:
        """Whether the release shown is the one that `latest` names."""
        return self.release.pk == self.plugin.latest_id


def read_plugin(name: str, version: str = "") -> PluginPage:
    """A plugin's page, at a version or dist-tag, else at its newest release.

    6 queries, and 1 more where the release depends on plugins. Raises `UnknownPluginError`,
    `UnknownReleaseError`.
    """
    plugin = queries.get_plugin(name)
    release = _get_release(plugin, version)
    versions = list(_list_versions(plugin)[: SHOWN_VERSIONS + 1])
    return PluginPage(
        plugin=plugin,
        release=release,
        artifact=queries.get_artifact(release),
        checks=queries.list_checks(release),
        versions=versions[:SHOWN_VERSIONS],
        has_more_versions=len(versions) > SHOWN_VERSIONS,
        tags_by_version=_turn_round(plugin.document.get("distTags", {})),
        known_names=_find_known(release),
    )


_PACKAGES = Prefetch("artifacts", Artifact.objects.filter(role="package"))


def _get_release(plugin: Plugin, version: str) -> Release:
    """2 queries. A dist-tag starts with a letter and a version with a digit: no clash."""
    rows = Release.objects.filter(plugin=plugin, state__in=PUBLIC_STATES)
    if "\x00" in version:  # no version has it, and PostgreSQL refuses to look for it
        rows = rows.none()
    elif version:
        rows = rows.filter(Q(version=version) | Q(dist_tags__name=version))
    elif plugin.latest_id:
        rows = rows.filter(pk=plugin.latest_id)
    found = (
        rows.select_related("contents", "published_by")
        .prefetch_related(_PACKAGES)
        .order_by("-sort_key")
        .first()
    )
    if found is None:
        what = f"no release {show(version)}" if version else "no public release"
        raise UnknownReleaseError(
            f"`{plugin.name}` has {what}.", hint="Its page lists the versions there are."
        )
    return found


def _list_versions(plugin: Plugin) -> Any:
    return (
        Release.objects.filter(plugin=plugin, state__in=PUBLIC_STATES)
        .select_related("published_by")
        .prefetch_related(_PACKAGES)
        .order_by("-sort_key")
    )


def _turn_round(dist_tags: Mapping[str, str]) -> dict[str, list[str]]:
    by_version: dict[str, list[str]] = {}
    for tag, version in dist_tags.items():
        by_version.setdefault(version, []).append(tag)
    return by_version


def _find_known(release: Release) -> frozenset[str]:
    """Which of the plugins it depends on are in this registry."""
    wanted = release.contents.manifest.get("dependencies", {}).get("plugins", {})
    if not wanted:
        return frozenset()
    listed = Plugin.objects.filter(is_listed=True, name__in=list(wanted))
    return frozenset(listed.values_list("name", flat=True))


@dataclass(frozen=True, slots=True)
class OwnPlugin:
    """A plugin of the reader's: the role in it, and what was uploaded last."""

    plugin: Plugin
    role: str
    upload: Release | None


@dataclass(frozen=True, slots=True)
class OwnPlugins:
    """One page of the reader's plugins."""

    rows: Sequence[OwnPlugin]
    total: int
    number: int
    pages: int


def list_own_plugins(user: User, *, page: int = 1) -> OwnPlugins:
    """The plugins the user is a member of, latest upload first: 3 queries, 2 without any."""
    newest = Release.objects.filter(plugin=OuterRef("plugin")).order_by("-id").values("id")[:1]
    rows = (
        Member.objects.filter(user=user)
        .select_related("plugin")
        .annotate(upload_id=Subquery(newest))
        .order_by("-upload_id", "plugin__name")
    )
    start = (page - 1) * MINE_A_PAGE
    members = list(rows[start : start + MINE_A_PAGE])
    uploads = Release.objects.in_bulk([m.upload_id for m in members if m.upload_id])
    total = Member.objects.filter(user=user).count()
    own = [OwnPlugin(m.plugin, m.role, uploads.get(m.upload_id)) for m in members]
    return OwnPlugins(own, total, page, max(1, -(-total // MINE_A_PAGE)))
