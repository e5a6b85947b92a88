"""Reads for the pages of a plugin. Tests pin the query counts stated here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import Exists, F, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Left
from django.utils import timezone

from accounts.models import OwnerDomain
from accounts.queries.domains import list_proofs_of
from marketplace.queries.lists import list_closed_owners
from marketplace.readme.changes import MAX_LISTED_CHARS
from plugport.spec.errors import PlugportError
from plugport.spec.ranges import Range
from plugport.spec.ranges.selection import select_release
from plugport.spec.text import has_nul, quote_text
from plugport.spec.versions import Version
from registry.errors import UnknownReleaseError
from registry.models import Artifact, Dependency, DownloadCount, Member, Plugin, Release, Role
from registry.models.states import PUBLIC_STATES, ReleaseState
from registry.queries import catalog
from registry.queries.baselines import find_baseline
from registry.queries.visible import Viewer, build_listed_condition, build_visible_condition

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

DOWNLOAD_DAYS = 90
VERSIONS_PER_PAGE = 50
DEPENDENTS_PER_PAGE = 50
# Options of the two fields on the compare tab. The URL may name an older version.
MAX_VERSION_CHOICES = 300
MAX_DEPENDENCIES = 200
# 200 dependencies with many releases each could load an unbounded number of rows.
_MAX_CANDIDATES = 5_000
# Counting more for the number on a tab would cost more than the rest of the page.
MAX_COUNTED_DEPENDENTS = 1_000
# Up to megabytes each, so a page loads only those that it shows.
_LARGE_COLUMNS = ("readme", "changelog", "changelog_entry", "manifest_text", "files", "licences")
_DEPENDENT_COLUMNS = (
    "range",
    *(
        f"release__plugin__{name}"
        for name in ("name", "visibility", "trust", "description", "weekly_downloads")
    ),
)
_CLOSED_OWNERS = Member.objects.filter(
    plugin=OuterRef("plugin"), role=Role.OWNER, holder__user__is_active=False
)
_PROVEN_OWNERS = Member.objects.filter(
    plugin=OuterRef("plugin"), role=Role.OWNER, holder__domains__verified_at__isnull=False
)
_REPLACEMENT = Plugin.objects.filter(name=OuterRef("replacement"), is_listed=True)
_PACKAGES = Prefetch("artifacts", Artifact.objects.filter(role="package"))


@dataclass(frozen=True, slots=True)
class PluginHead:
    """What every page of a plugin shows: the plugin and one of its releases.

    `baseline` is the release to compare with. `days` are the downloads
    of each of the last 90 days, oldest first. `dependent_count` stops at `MAX_COUNTED_DEPENDENTS`.
    `closed_owners` have no page. `proofs` are those of the publisher.
    """

    plugin: Plugin
    viewer: Viewer
    release: Release
    artifact: Artifact
    baseline: Release | None
    days: Sequence[tuple[dt.date, int]]
    version_count: int
    dependent_count: int
    closed_owners: frozenset[str] = frozenset()
    proofs: Sequence[OwnerDomain] = ()

    @property
    def manifest(self) -> dict[str, Any]:
        """The normalized manifest of the release."""
        manifest: dict[str, Any] = self.release.contents.manifest
        return manifest

    @property
    def is_latest(self) -> bool:
        """Whether the dist-tag `latest` names this release."""
        return self.release.pk == self.plugin.latest_id


def get_plugin_head(
    name: str, viewer: Viewer, version: str = "", *, load: Sequence[str] = ()
) -> PluginHead:
    """Return a plugin at a version or dist-tag, by default its newest release: 6 queries.

    1 more if the account of an owner is closed, and 1 if an owner has proven a domain or account. `load` names the large columns of the contents to
    load (`readme`, `files`, ...). Raises `UnknownPluginError`, `UnknownReleaseError`.
    """
    plugin = catalog.get_plugin(name, viewer)
    release = _get_release(plugin, version, viewer, load)
    return PluginHead(
        plugin=plugin,
        viewer=viewer,
        release=release,
        artifact=catalog.get_artifact(release),
        baseline=find_baseline(release),
        days=list_daily_downloads(plugin),
        version_count=_filter_public_releases(plugin).count(),
        dependent_count=release.dependent_count,
        closed_owners=list_closed_owners([plugin]) if release.has_closed_owner else frozenset(),
        proofs=_list_proofs(plugin) if release.has_proofs else (),
    )


def _list_proofs(plugin: Plugin) -> Sequence[OwnerDomain]:
    publisher = plugin.document.get("publisher")
    return list_proofs_of(publisher["name"]) if publisher else ()


class _Annotations(TypedDict):
    """The number on the tab of dependents, whether names on the page are links, and owners have proofs."""

    has_closed_owner: bool
    has_proofs: bool
    is_replacement_listed: bool
    dependent_count: int


class _CountRows(Subquery):
    """The number of rows of a query, which may have a limit."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def _filter_public_releases(plugin: Plugin) -> QuerySet[Release]:
    return Release.objects.filter(plugin=plugin, state__in=PUBLIC_STATES)


def _get_release(
    plugin: Plugin, version: str, viewer: Viewer, load: Sequence[str] = ()
) -> WithAnnotations[Release, _Annotations]:
    """Return the release: 2 queries.

    A dist-tag starts with a letter and a version with a digit, so `version` can be either.
    """
    rows = _filter_public_releases(plugin)
    if has_nul(version):
        rows = rows.none()
    elif version:
        rows = rows.filter(Q(version=version) | Q(dist_tags__name=version))
    elif plugin.latest_id:
        rows = rows.filter(pk=plugin.latest_id)
    release = (
        rows.select_related("contents", "published_by", "publisher")
        .defer(*(f"contents__{column}" for column in _LARGE_COLUMNS if column not in load))
        .prefetch_related(_PACKAGES)
        .annotate(
            has_closed_owner=Exists(_CLOSED_OWNERS),
            has_proofs=Exists(_PROVEN_OWNERS),
            is_replacement_listed=Exists(_REPLACEMENT),
            dependent_count=_CountRows(
                _filter_dependents(plugin, viewer).values("pk")[:MAX_COUNTED_DEPENDENTS]
            ),
        )
        .order_by("-sort_key")
        .first()
    )
    if release is None:
        what = f"no release {quote_text(version)}" if version else "no public release"
        raise UnknownReleaseError(
            f"`{plugin.name}` has {what}.", hint="See the Versions tab of the plugin."
        )
    release.plugin = plugin
    return release


def list_daily_downloads(plugin: Plugin) -> list[tuple[dt.date, int]]:
    """Return the downloads of each of the last 90 days (UTC), oldest first: 1 query."""
    # Downloads are counted per UTC day, so days without a row are filled in here.
    today = timezone.now().date()
    first = today - dt.timedelta(days=DOWNLOAD_DAYS - 1)
    rows = (
        DownloadCount.objects.filter(release__plugin=plugin, day__gte=first)
        .values_list("day")
        .annotate(total=Sum("count"))
    )
    counts = dict(rows)
    days = (first + dt.timedelta(days=number) for number in range(DOWNLOAD_DAYS))
    return [(day, counts.get(day, 0)) for day in days]


class _Changes(TypedDict):
    """Annotations: the start of the changelog entry, and the repository in the manifest."""

    changes: str
    repository: Any


def list_versions(plugin: Plugin, page: int) -> list[WithAnnotations[Release, _Changes]]:
    """Return one page of the public releases, highest version first: 2 queries, 1 if none."""
    start = (page - 1) * VERSIONS_PER_PAGE
    rows = (
        _filter_public_releases(plugin)
        .select_related("published_by", "publisher")
        .prefetch_related(_PACKAGES)
        .annotate(
            changes=Left("contents__changelog_entry", MAX_LISTED_CHARS + 1),
            repository=F("contents__manifest__repository"),
        )
    )
    return list(rows.order_by("-sort_key")[start : start + VERSIONS_PER_PAGE])


def list_version_choices(plugin: Plugin) -> list[str]:
    """Return the highest public versions, as options of a field: 1 query."""
    rows = _filter_public_releases(plugin).order_by("-sort_key")
    return list(rows.values_list("version", flat=True)[:MAX_VERSION_CHOICES])


def get_release(head: PluginHead, version: str) -> Release:
    """Return another release of the plugin: 2 queries. Raises `UnknownReleaseError`."""
    return _get_release(head.plugin, version, head.viewer)


def list_downloads_by_version(plugin: Plugin, *, max_versions: int = 20) -> list[tuple[str, int]]:
    """Return the most downloaded versions with their downloads: 1 query."""
    rows = (
        _filter_public_releases(plugin).filter(downloads__gt=0).order_by("-downloads", "-sort_key")
    )
    return list(rows.values_list("version", "downloads")[:max_versions])


@dataclass(frozen=True, slots=True)
class SatisfyingRelease:
    """The plugin that satisfies a dependency, if it has a page, and its newest version in range.

    If only a blocked release is in range, `version` names it and `blocked` is its state.
    """

    plugin: Plugin | None
    version: str = ""
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """The columns of a release that decide whether a client chooses it."""

    version: Version
    state: str
    is_yanked: bool
    is_deprecated: bool

    @property
    def is_installable(self) -> bool:
        """Whether it is published and not yanked."""
        return self.state == ReleaseState.PUBLISHED and not self.is_yanked


def select_satisfying_releases(
    ranges: Mapping[str, str], viewer: Viewer
) -> dict[str, SatisfyingRelease]:
    """Return what an installation would choose for each plugin name and range: 2 queries, or 0.

    The rules are those of the client: the newest published version in range that is not yanked; a
    deprecated one only if there is no other.
    """
    if not ranges:
        return {}
    rows = Plugin.objects.filter(build_visible_condition(viewer), name__in=list(ranges))
    plugins = {plugin.name: plugin for plugin in rows.only("name", "visibility")}
    for found in plugins.values():
        viewer.note(found)
    candidates: dict[int, list[_Candidate]] = {}
    releases = Release.objects.filter(plugin__in=plugins.values(), state__in=PUBLIC_STATES)
    values = releases.order_by("-sort_key").values_list(
        "plugin_id", "version", "state", "yanked_at", "deprecated_at"
    )
    for plugin_id, version, state, *flags in values[:_MAX_CANDIDATES]:
        each = _Candidate(Version.parse(version), state, *(flag is not None for flag in flags))
        candidates.setdefault(plugin_id, []).append(each)
    # A plugin without a public release looks like one that does not exist: its name stays private.
    return {
        name: _choose_release(plugin, candidates[plugin.pk], requested_range)
        if (plugin := plugins.get(name)) and plugin.pk in candidates
        else SatisfyingRelease(None)
        for name, requested_range in ranges.items()
    }


def _choose_release(
    plugin: Plugin, candidates: Sequence[_Candidate], requested_range: str
) -> SatisfyingRelease:
    try:
        parsed_range = Range.parse(requested_range)
    except PlugportError:
        return SatisfyingRelease(plugin)
    selected = select_release(candidates, parsed_range)
    if selected is not None:
        return SatisfyingRelease(plugin, str(selected.version))
    blocked = [
        c for c in candidates if c.state != ReleaseState.PUBLISHED and c.version in parsed_range
    ]
    # The page shows why nothing can be installed.
    highest = max(blocked, key=lambda candidate: candidate.version, default=None)
    if highest is not None:
        return SatisfyingRelease(plugin, str(highest.version), highest.state)
    return SatisfyingRelease(plugin)


def _filter_dependents(plugin: Plugin, viewer: Viewer) -> QuerySet[Dependency]:
    """Return the dependencies on this plugin of newest releases of plugins that the viewer may see."""
    return Dependency.objects.filter(
        build_listed_condition(viewer, "release__plugin"),
        name=plugin.name,
        release__plugin__latest=F("release_id"),
    )


def list_dependents(plugin: Plugin, viewer: Viewer, page: int) -> tuple[list[Dependency], int]:
    """Return one page of the plugins whose newest release needs this one, and their total: 2 queries.

    The most downloaded come first. Each is a dependency with `release.plugin` loaded.
    """
    rows = _filter_dependents(plugin, viewer)
    start = (page - 1) * DEPENDENTS_PER_PAGE
    order = ("-release__plugin__downloads", "id")
    # A plugin may have thousands of dependents. Sorting ids alone and joining the rows of one page
    # afterwards keeps the sort small.
    ids = rows.order_by(*order)[start : start + DEPENDENTS_PER_PAGE].values("id")
    dependents = Dependency.objects.filter(id__in=ids).select_related("release__plugin")
    found = list(dependents.only(*_DEPENDENT_COLUMNS).order_by(*order))
    for dependent in found:
        viewer.note(dependent.release.plugin)
    return found, rows.count()
