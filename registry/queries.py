"""Reads of the catalogue. Each says how many SQL queries it costs; tests pin those numbers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet, Sum

from accounts.models import User
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName
from plugport.spec.text import show
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
from registry.publishing.states import PUBLIC_STATES, ReleaseState

MAX_LIMIT = 100
MAX_PAGE = 10_000
_BY_NAME = "SELECT * FROM registry_plugin WHERE name = %s"
# Rows of a list name the owners and link to their pages; somebody who left has none.
HAS_CLOSED_OWNER = Exists(
    Member.objects.filter(plugin=OuterRef("pk"), role=Role.OWNER, user__is_active=False)
)
_BY_IDS = """
SELECT *, EXISTS (
    SELECT 1 FROM registry_member AS member
    JOIN accounts_user AS account ON account.id = member.user_id
    WHERE member.plugin_id = registry_plugin.id
    AND member.role = 'owner' AND NOT account.is_active
) AS has_closed_owner
FROM registry_plugin WHERE id IN ({places}) AND is_listed
"""
_TOP = {
    "downloads": ("-downloads", "id"),
    "recent": ("-updated_at", "id"),
    "featured": ("-featured_at", "-downloads", "id"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of plugins and where it stands."""

    plugins: Sequence[Plugin]
    total: int
    number: int
    limit: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.limit))

    @property
    def first(self) -> int:
        """The place of its first plugin among all, counted from 1."""
        return (self.number - 1) * self.limit + 1

    @property
    def last(self) -> int:
        """The place of its last one."""
        return min(self.number * self.limit, self.total)

    @property
    def has_more(self) -> bool:
        """Whether a page follows."""
        return self.number < self.pages


def list_by_ids(ids: Sequence[int]) -> list[Plugin]:
    """Those of the plugins that are listed, in the order given: 1 query, none for no ids.

    Each says whether it `has_closed_owner`. Written out, since every search needs it: building the query took longer than answering it.
    """
    if not ids:
        return []
    places = ", ".join(["%s"] * len(ids))
    found = Plugin.objects.raw(_BY_IDS.format(places=places), list(ids))
    rows = {plugin.pk: plugin for plugin in found}
    return [rows[number] for number in ids if number in rows]


def list_top(sort: str, limit: int) -> list[Plugin]:
    """The first `limit` listed plugins in the order `sort`: 1 query.

    The order `featured` has the featured ones alone, those that were chosen last first. Each says
    whether it `has_closed_owner`.
    """
    # `IN (1)`, because SQLite uses no index for a bare boolean: 25 times faster at 20,000 rows.
    rows = Plugin.objects.filter(is_listed__in=[True])
    if sort == "featured":
        rows = rows.filter(featured_at__isnull=False)
    return list(rows.annotate(has_closed_owner=HAS_CLOSED_OWNER).order_by(*_TOP[sort])[:limit])


def get_plugin(name: str) -> Plugin:
    """The listed plugin, or one with a public release behind it: 1 query.

    Raises `UnknownPluginError`.
    """
    normalised = _normalise(name)
    # Written out, since this is what is read most: building the query anew each time took a
    # quarter of the whole answer.
    found = list(Plugin.objects.raw(_BY_NAME, [normalised])) if normalised else []
    plugin = found[0] if found else None
    if plugin is None or not (plugin.is_listed or plugin.document):
        raise UnknownPluginError(f"There is no plugin {show(name)}.")
    return plugin


def _normalise(name: str) -> str | None:
    try:
        return str(PluginName.parse(name))
    except PlugportError:
        return None


def _releases(name: str) -> QuerySet[Release]:
    packages = Prefetch("artifacts", Artifact.objects.filter(role="package"))
    return (
        Release.objects.filter(plugin__name=_normalise(name) or "", state__in=PUBLIC_STATES)
        .select_related("plugin", "published_by", "contents")
        .prefetch_related(packages)
    )


def list_releases(name: str) -> list[Release]:
    """The public releases, highest version first: 2 queries, 1 if there is none.

    Raises `UnknownPluginError`.
    """
    releases = list(
        _releases(name).defer(
            "contents__readme",
            "contents__changelog",
            "contents__files",
            "contents__manifest_text",
            "contents__licences",
        )
    )
    if not releases:
        raise UnknownPluginError(f"There is no plugin {show(name)}.")
    return sorted(releases, key=lambda release: bytes(release.sort_key), reverse=True)


def get_release(name: str, version: str) -> Release:
    """The public release of that version or dist-tag: 2 queries, 4 for a dist-tag.

    Raises `UnknownPluginError` or `UnknownReleaseError`.
    """
    # PostgreSQL refuses to look for a text with NUL, which no version has.
    for column in ("version", "dist_tags__name") if "\x00" not in version else ():
        found = _releases(name).filter(**{column: version}).first()
        if found is not None:
            return found
    plugin = get_plugin(name)
    raise UnknownReleaseError(
        f"`{plugin.name}` has no release {show(version)}.",
        hint=f"GET /api/v1/plugins/{plugin.name}/versions lists them.",
    )


def get_artifact(release: Release) -> Artifact:
    """The package of a release that a query above returned: no query."""
    return next(a for a in release.artifacts.all() if a.role == "package")


def list_checks(release: Release) -> list[CheckRun]:
    """What the checks of the release said: 1 query."""
    return list(release.checks.all())


def list_dependents(name: str, *, page: int = 1, limit: int = 20) -> Page:
    """The listed plugins whose newest release depends on `name`: 3 queries."""
    plugin = get_plugin(name)
    rows = Plugin.objects.filter(is_listed=True, latest__dependencies__name=plugin.name)
    start = (page - 1) * limit
    ordered = rows.order_by("-downloads", "id")[start : start + limit]
    return Page(list(ordered), rows.count(), page, limit)


def list_categories(*, least: int = 1, most: int | None = None) -> list[tuple[str, int]]:
    """The categories in use with their numbers of listed plugins, largest first: 1 query.

    At most `most` of those that have `least` plugins.
    """
    return list(_list_headings(Category.objects.filter(plugin_count__gte=least))[:most])


def list_tags(*, most: int = 100) -> list[tuple[str, int]]:
    """The most used tags with their number of listed plugins: 1 query."""
    return list(_list_headings(Tag.objects.all())[:most])


def _list_headings(rows: QuerySet[Any]) -> QuerySet[Any, tuple[str, int]]:
    used = rows.filter(plugin_count__gt=0).order_by("-plugin_count", "slug")
    return used.values_list("slug", "plugin_count")


def get_publication(public_id: uuid.UUID, *, actor: User) -> Release:
    """The release of that upload, for its members and moderators: 4 queries.

    Raises `UnknownPublicationError`, for strangers too: they may not know that it exists.
    """
    release = (
        Release.objects.filter(public_id=public_id)
        .select_related("plugin", "published_by", "contents")
        .prefetch_related("artifacts", "checks")
        .first()
    )
    if release is None or not _may_see(release, actor):
        raise UnknownPublicationError(f"There is no publication `{public_id}`.")
    return release


def _may_see(release: Release, actor: User) -> bool:
    return (
        actor.is_moderator
        or actor.is_superuser
        or release.plugin.members.filter(user=actor).exists()
    )


def get_state(release_id: int) -> str:
    """The state of a release right now: 1 query. A release that is gone counts as rejected."""
    found = Release.objects.filter(pk=release_id).values_list("state", flat=True).first()
    return found or ReleaseState.REJECTED


def list_daily_downloads(plugin: Plugin, *, days: int = 90) -> list[tuple[str, int]]:
    """Downloads of the plugin by day, oldest first, days without any left out: 1 query."""
    rows = (
        DownloadCount.objects.filter(release__plugin=plugin)
        .values(date=F("day"))
        .annotate(total=Sum("count"))
        .order_by("-date")[:days]
    )
    return [(row["date"].isoformat(), row["total"]) for row in reversed(rows)]


def count_downloads_by_version(plugin: Plugin) -> dict[str, int]:
    """Downloads of each public release by version, most first: 1 query."""
    rows = Release.objects.filter(plugin=plugin, state__in=PUBLIC_STATES)
    return dict(rows.order_by("-downloads", "-id").values_list("version", "downloads"))
