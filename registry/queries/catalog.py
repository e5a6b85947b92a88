"""Reads of the catalog. Docstrings state the number of SQL queries; tests pin these numbers."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet, Sum
from django.db.models.functions import Left

from accounts.models import User
from accounts.queries.paging import PagePosition
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName
from plugport.spec.text import has_nul, quote_text
from registry.errors import (
    UnknownPluginError,
    UnknownPublicationError,
    UnknownReleaseError,
)
from registry.models import (
    Artifact,
    Category,
    CheckRun,
    DownloadCount,
    Member,
    Plugin,
    Release,
    Role,
    Tag,
)
from registry.models.states import PUBLIC_STATES, ReleaseState
from registry.package_limits import LISTED_CHANGELOG_CHARS
from registry.policies import can_view_unpublished
from registry.queries.visible import Viewer, build_listed_condition, build_visible_condition

MAX_LIMIT = 100
MAX_PAGE = 10_000
# Up to megabytes each, so a page loads only those that it shows.
_CONTENTS_COLUMNS = (
    *("manifest", "manifest_text", "warnings", "files", "readme", "changelog", "changelog_entry"),
    "licences",
)
_PUBLIC_BY_NAME_SQL = "SELECT * FROM registry_plugin WHERE name = %s AND visibility = 'public'"
# Lists link owners to their profiles; a closed account has no profile to link to.
HAS_CLOSED_OWNER = Exists(
    Member.objects.filter(plugin=OuterRef("pk"), role=Role.OWNER, holder__user__is_active=False)
)
_PLUGINS_BY_IDS_SQL = """
SELECT *, EXISTS (
    SELECT 1 FROM registry_member AS member
    JOIN accounts_owner AS holder ON holder.id = member.holder_id
    JOIN accounts_user AS account ON account.id = holder.user_id
    WHERE member.plugin_id = registry_plugin.id
    AND member.role = 'owner' AND NOT account.is_active
) AS has_closed_owner
FROM registry_plugin WHERE id IN ({placeholders}) AND is_listed
"""
_TOP_ORDERS = {
    "downloads": ("-downloads", "id"),
    "recent": ("-updated_at", "id"),
    "featured": ("-featured_at", "-downloads", "id"),
}


@dataclass(frozen=True, slots=True)
class Page(PagePosition):
    """One page of a list of plugins."""

    plugins: Sequence[Plugin]
    total: int
    number: int
    limit: int

    @property
    def first(self) -> int:
        """The position of the first plugin of the page, counted from 1."""
        return (self.number - 1) * self.limit + 1

    @property
    def last(self) -> int:
        """The position of the last plugin of the page."""
        return min(self.number * self.limit, self.total)


def list_by_ids(ids: Sequence[int]) -> list[Plugin]:
    """The listed plugins with these ids, in the order given: 1 query, none without ids.

    Each plugin has the attribute `has_closed_owner`.
    """
    # Raw SQL because every search runs this: building the query with the ORM took longer than
    # executing it.
    if not ids:
        return []
    placeholders = ", ".join(["%s"] * len(ids))
    rows = Plugin.objects.raw(_PLUGINS_BY_IDS_SQL.format(placeholders=placeholders), list(ids))
    plugins = {plugin.pk: plugin for plugin in rows}
    return [plugins[plugin_id] for plugin_id in ids if plugin_id in plugins]


def list_top(order: str, limit: int, *, has_deprecated: bool = True) -> list[Plugin]:
    """The first `limit` listed plugins in the order `downloads`, `recent` or `featured`: 1 query.

    `featured` returns featured plugins only, the latest first. Without `has_deprecated`, plugins
    whose newest release is deprecated are left out. Each plugin has the attribute
    `has_closed_owner`.
    """
    # `IN (1)` because SQLite uses no index for a bare boolean: 25 times faster at 20,000 rows.
    rows = Plugin.objects.filter(is_listed__in=[True])
    if order == "featured":
        rows = rows.filter(featured_at__isnull=False)
    if not has_deprecated:
        rows = rows.filter(latest__deprecated_at__isnull=True)
    return list(
        rows.annotate(has_closed_owner=HAS_CLOSED_OWNER).order_by(*_TOP_ORDERS[order])[:limit]
    )


def get_plugin(name: str, viewer: Viewer) -> Plugin:
    """The plugin, if the viewer may see it and it was ever published: 1 query.

    Raises `UnknownPluginError`.
    """
    plugin = find_plugin(name, viewer)
    if plugin is None or not was_published(plugin):
        raise build_unknown_plugin_error(name)
    return plugin


def find_plugin(name: str, viewer: Viewer) -> Plugin | None:
    """The plugin, if the viewer may see it, published or not: 1 query."""
    normalized = _normalize_name(name)
    if normalized is None:
        return None
    if not viewer.is_signed_in:
        # Raw SQL because this is the most frequent read: building the query with the ORM took a
        # quarter of the whole request.
        return next(iter(Plugin.objects.raw(_PUBLIC_BY_NAME_SQL, [normalized])), None)
    plugin = Plugin.objects.filter(build_visible_condition(viewer), name=normalized).first()
    if plugin is not None:
        viewer.note(plugin)
    return plugin


def was_published(plugin: Plugin) -> bool:
    """Whether the plugin has anything to show to those who may see it."""
    # A plugin is recorded before its first release is checked; until then it must not be visible.
    return bool(plugin.is_listed or plugin.document)


def is_public(plugin: Plugin) -> bool:
    """Whether everybody may see the plugin."""
    return was_published(plugin) and not plugin.is_restricted


def build_unknown_plugin_error(name: str) -> UnknownPluginError:
    """The error for a name that is free, not valid, or that of a plugin that is not public."""
    return UnknownPluginError(f"There is no plugin {quote_text(name)}.")


def _normalize_name(name: str) -> str | None:
    try:
        return str(PluginName.parse(name))
    except PlugportError:
        return None


def _select_public_releases(name: str, viewer: Viewer) -> QuerySet[Release]:
    return Release.objects.filter(
        build_visible_condition(viewer, "plugin"),
        plugin__name=_normalize_name(name) or "",
        state__in=PUBLIC_STATES,
    )


def _build_release_query(name: str, viewer: Viewer) -> QuerySet[Release]:
    packages = Prefetch("artifacts", Artifact.objects.filter(role="package"))
    return (
        _select_public_releases(name, viewer)
        .select_related("plugin", "published_by", "publisher", "contents")
        .prefetch_related(packages)
    )


def list_releases(name: str, viewer: Viewer) -> list[Release]:
    """The public releases, highest version first: 2 queries, 1 if there is none.

    `changelog_start` is the first part of each changelog entry, to be cut. Raises `UnknownPluginError`.
    """
    # Deferred because a plugin may have hundreds of releases, and these texts can be large.
    releases = list(
        _build_release_query(name, viewer)
        .defer(
            "contents__readme",
            "contents__changelog",
            "contents__changelog_entry",
            "contents__files",
            "contents__manifest_text",
            "contents__licences",
        )
        .annotate(changelog_start=Left("contents__changelog_entry", LISTED_CHANGELOG_CHARS + 1))
    )
    if not releases:
        raise build_unknown_plugin_error(name)
    viewer.note(releases[0].plugin)
    return sorted(releases, key=lambda release: bytes(release.sort_key), reverse=True)


def get_release(name: str, version: str, viewer: Viewer) -> Release:
    """The public release of that version or dist-tag: 2 queries, 4 for a dist-tag.

    Raises `UnknownPluginError` or `UnknownReleaseError`.
    """
    return _get_by_version(_build_release_query(name, viewer), name, version, viewer)


def get_release_row(name: str, version: str, viewer: Viewer) -> Release:
    """The same release without its contents and its package: 1 query, 2 for a dist-tag."""
    rows = _select_public_releases(name, viewer)
    return _get_by_version(rows.select_related("plugin"), name, version, viewer)


def _get_by_version(rows: QuerySet[Release], name: str, version: str, viewer: Viewer) -> Release:
    for column in () if has_nul(version) else ("version", "dist_tags__name"):
        release = rows.filter(**{column: version}).first()
        if release is not None:
            viewer.note(release.plugin)
            return release
    plugin = get_plugin(name, viewer)
    raise UnknownReleaseError(
        f"`{plugin.name}` has no release {quote_text(version)}.",
        hint=f"Choose one of the versions or dist-tags of `{plugin.name}`.",
    )


def get_artifact(release: Release) -> Artifact:
    """The package of a release from a query of this module: no query."""
    return next(a for a in release.artifacts.all() if a.role == "package")


def list_checks(release: Release) -> list[CheckRun]:
    """The checks of the release, in the order in which they run: 1 query."""
    return list(release.checks.all())


def list_dependents(name: str, viewer: Viewer, *, page: int = 1, limit: int = 20) -> Page:
    """The plugins that the viewer may see whose release `latest` depends on `name`: 3 queries.

    Raises `UnknownPluginError`.
    """
    plugin = get_plugin(name, viewer)
    rows = Plugin.objects.filter(
        build_listed_condition(viewer), latest__dependencies__name=plugin.name
    )
    start = (page - 1) * limit
    ordered = rows.order_by("-downloads", "id")[start : start + limit]
    plugins = list(ordered)
    for each in plugins:
        viewer.note(each)
    return Page(plugins, rows.count(), page, limit)


def list_categories(*, min_count: int = 1, max_results: int | None = None) -> list[tuple[str, int]]:
    """The categories in use with their numbers of listed plugins, largest first: 1 query.

    At most `max_results` of the categories with at least `min_count` plugins.
    """
    rows = _select_used_terms(Category.objects.filter(plugin_count__gte=min_count))
    return list(rows[:max_results])


def list_tags(*, max_results: int = 100) -> list[tuple[str, int]]:
    """The most used tags with their numbers of listed plugins, largest first: 1 query."""
    return list(_select_used_terms(Tag.objects.all())[:max_results])


def _select_used_terms(rows: QuerySet[Any]) -> QuerySet[Any, tuple[str, int]]:
    used = rows.filter(plugin_count__gt=0).order_by("-plugin_count", "slug")
    return used.values_list("slug", "plugin_count")


def get_publication(public_id: uuid.UUID, *, actor: User) -> Release:
    """The release with that public id and its checks, for members and moderators: 4 queries.

    Raises `UnknownPublicationError`, also for accounts that may not see it: a different error
    would tell them that it exists.
    """
    rows = Release.objects.select_related("plugin", "published_by", "publisher", "contents")
    return _get_visible(rows.prefetch_related("artifacts", "checks"), public_id, actor)


def get_publication_page(
    public_id: uuid.UUID, *, actor: User, columns: Collection[str] = ()
) -> Release:
    """The same release without its checks, and of its contents only `columns`: 3 queries.

    2 for moderators, who need no role. Raises `UnknownPublicationError`.
    """
    deferred = (f"contents__{name}" for name in _CONTENTS_COLUMNS if name not in columns)
    rows = Release.objects.select_related("plugin", "published_by", "contents").defer(*deferred)
    return _get_visible(rows.prefetch_related("artifacts"), public_id, actor)


def _get_visible(rows: QuerySet[Release], public_id: uuid.UUID, actor: User) -> Release:
    release = rows.filter(public_id=public_id).first()
    if release is None or not can_view_unpublished(actor, release):
        raise UnknownPublicationError(f"There is no publication `{public_id}`.")
    return release


def get_release_state(release_id: int) -> str:
    """The current state of a release: 1 query. A deleted release counts as rejected."""
    state = Release.objects.filter(pk=release_id).values_list("state", flat=True).first()
    return state or ReleaseState.REJECTED


def list_daily_downloads(plugin: Plugin, *, days: int = 90) -> list[tuple[str, int]]:
    """Downloads of the plugin by day, oldest first, without days that have none: 1 query."""
    rows = (
        DownloadCount.objects.filter(release__plugin=plugin)
        .values(date=F("day"))
        .annotate(total=Sum("count"))
        .order_by("-date")[:days]
    )
    return [(row["date"].isoformat(), row["total"]) for row in reversed(rows)]


def get_download_counts_by_version(plugin: Plugin) -> dict[str, int]:
    """Downloads of each public release by version, most first: 1 query."""
    rows = Release.objects.filter(plugin=plugin, state__in=PUBLIC_STATES)
    return dict(rows.order_by("-downloads", "-id").values_list("version", "downloads"))
