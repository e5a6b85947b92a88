"""Reads for the pages of a plugin. Each says how many SQL queries it costs; tests pin them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum
from django.utils import timezone

from marketplace.list_queries import list_closed_owners
from plugport.spec.errors import PlugportError
from plugport.spec.ranges import Range, max_satisfying
from plugport.spec.text import show
from plugport.spec.versions import Version
from registry import queries
from registry.comparing import find_baseline
from registry.errors import UnknownReleaseError
from registry.models import Artifact, Dependency, DownloadCount, Member, Plugin, Release, Role
from registry.publishing.states import PUBLIC_STATES, ReleaseState

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

DAYS = 90
VERSIONS_A_PAGE = 50
DEPENDENTS_A_PAGE = 50
# What the two fields of the comparison offer; an older version can still stand in the address.
MAX_CHOICES = 300
MAX_NEEDS = 200
_MAX_CANDIDATES = 5_000
# The large columns of a release's contents: each page loads those it shows.
_HEAVY = ("readme", "changelog", "changelog_entry", "manifest_text", "files", "licences")
_OF_DEPENDENTS = (
    "range",
    *(f"release__plugin__{name}" for name in ("name", "trust", "description", "weekly_downloads")),
)
_CLOSED = Member.objects.filter(plugin=OuterRef("plugin"), role=Role.OWNER, user__is_active=False)
_REPLACEMENT = Plugin.objects.filter(name=OuterRef("replacement"), is_listed=True)
_PACKAGES = Prefetch("artifacts", Artifact.objects.filter(role="package"))


@dataclass(frozen=True, slots=True)
class PluginHead:
    """What every page of a plugin shows: the plugin and the release that is looked at.

    `baseline` is what the release is compared with, its list of files not loaded; `days` are the
    downloads of the last 90 days, oldest first, a zero where there were none. `closed_owners` are
    those whose accounts have no page any more.
    """

    plugin: Plugin
    release: Release
    artifact: Artifact
    baseline: Release | None
    days: Sequence[tuple[dt.date, int]]
    version_count: int
    closed_owners: frozenset[str] = frozenset()

    @property
    def manifest(self) -> dict[str, Any]:
        """The normalised manifest of the release that is shown."""
        manifest: dict[str, Any] = self.release.contents.manifest
        return manifest

    @property
    def is_latest(self) -> bool:
        """Whether the release shown is the one that `latest` names."""
        return self.release.pk == self.plugin.latest_id


def read_head(name: str, version: str = "", *, load: Sequence[str] = ()) -> PluginHead:
    """A plugin at a version or dist-tag, else at its newest release: 6 queries.

    One more if the account of an owner was closed.
    `load` names the large columns of the contents that are needed (`readme`, `files`, ...).
    Raises `UnknownPluginError`, `UnknownReleaseError`.
    """
    plugin = queries.get_plugin(name)
    release = _get_release(plugin, version, load)
    return PluginHead(
        plugin=plugin,
        release=release,
        artifact=queries.get_artifact(release),
        baseline=find_baseline(release, with_files=False),
        days=read_days(plugin),
        version_count=_list_public(plugin).count(),
        closed_owners=list_closed_owners([plugin]) if release.has_closed_owner else frozenset(),
    )


class _Links(TypedDict):
    """What decides whether a name on the page is a link."""

    has_closed_owner: bool
    is_replacement_listed: bool


def _list_public(plugin: Plugin) -> QuerySet[Release]:
    return Release.objects.filter(plugin=plugin, state__in=PUBLIC_STATES)


def _get_release(
    plugin: Plugin, version: str, load: Sequence[str]
) -> WithAnnotations[Release, _Links]:
    """2 queries. A dist-tag starts with a letter and a version with a digit: no clash."""
    rows = _list_public(plugin)
    if "\x00" in version:  # no version has it, and PostgreSQL refuses to look for it
        rows = rows.none()
    elif version:
        rows = rows.filter(Q(version=version) | Q(dist_tags__name=version))
    elif plugin.latest_id:
        rows = rows.filter(pk=plugin.latest_id)
    found = (
        rows.select_related("contents", "published_by")
        .defer(*(f"contents__{column}" for column in _HEAVY if column not in load))
        .prefetch_related(_PACKAGES)
        .annotate(has_closed_owner=Exists(_CLOSED), is_replacement_listed=Exists(_REPLACEMENT))
        .order_by("-sort_key")
        .first()
    )
    if found is None:
        what = f"no release {show(version)}" if version else "no public release"
        raise UnknownReleaseError(
            f"`{plugin.name}` has {what}.", hint="Its page lists the versions there are."
        )
    found.plugin = plugin
    return found


def read_days(plugin: Plugin) -> list[tuple[dt.date, int]]:
    """Downloads of each of the last 90 days (UTC), oldest first, today last: 1 query."""
    today = timezone.now().date()
    first = today - dt.timedelta(days=DAYS - 1)
    rows = (
        DownloadCount.objects.filter(release__plugin=plugin, day__gte=first)
        .values_list("day")
        .annotate(total=Sum("count"))
    )
    counts = dict(rows)
    days = (first + dt.timedelta(days=number) for number in range(DAYS))
    return [(day, counts.get(day, 0)) for day in days]


def list_versions(plugin: Plugin, page: int) -> list[Release]:
    """One page of the public releases, highest version first: 2 queries, 1 without any."""
    start = (page - 1) * VERSIONS_A_PAGE
    rows = _list_public(plugin).select_related("published_by").prefetch_related(_PACKAGES)
    return list(rows.order_by("-sort_key")[start : start + VERSIONS_A_PAGE])


def list_choices(plugin: Plugin) -> list[str]:
    """The highest public versions, for a field to choose from: 1 query."""
    rows = _list_public(plugin).order_by("-sort_key")
    return list(rows.values_list("version", flat=True)[:MAX_CHOICES])


def get_compared(plugin: Plugin, version: str) -> Release:
    """A release with its list of files, to compare or to read out of: 2 queries.

    Raises `UnknownReleaseError`.
    """
    return _get_release(plugin, version, ("files",))


def list_downloads_by_version(plugin: Plugin, *, most: int = 20) -> list[tuple[str, int]]:
    """The most downloaded versions with their downloads: 1 query."""
    rows = _list_public(plugin).filter(downloads__gt=0).order_by("-downloads", "-sort_key")
    return list(rows.values_list("version", "downloads")[:most])


@dataclass(frozen=True, slots=True)
class Satisfier:
    """Who satisfies a dependency here: the plugin, if it has a page, and its newest fitting version.

    Where there is none but one that is blocked would fit, that one is `version` and `blocked` its
    state.
    """

    plugin: Plugin | None
    version: str = ""
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A release as far as it decides whether it is chosen."""

    version: Version
    state: str
    is_yanked: bool
    is_deprecated: bool


def find_satisfiers(needs: Mapping[str, str]) -> dict[str, Satisfier]:
    """For each plugin name and range, what an installation would take: 2 queries, 0 for nothing.

    As clients choose: the newest published version in the range that is not yanked, a deprecated
    one only if there is no other.
    """
    if not needs:
        return {}
    plugins = {
        plugin.name: plugin for plugin in Plugin.objects.filter(name__in=list(needs)).only("name")
    }
    candidates: dict[int, list[_Candidate]] = {}
    rows = Release.objects.filter(plugin__in=plugins.values(), state__in=PUBLIC_STATES)
    found = rows.order_by("-sort_key").values_list(
        "plugin_id", "version", "state", "yanked_at", "deprecated_at"
    )
    for plugin_id, version, state, *flags in found[:_MAX_CANDIDATES]:
        each = _Candidate(Version.parse(version), state, *(flag is not None for flag in flags))
        candidates.setdefault(plugin_id, []).append(each)
    # A plugin without a public release is nobody's business.
    return {
        name: _choose(plugin, candidates[plugin.pk], wanted)
        if (plugin := plugins.get(name)) and plugin.pk in candidates
        else Satisfier(None)
        for name, wanted in needs.items()
    }


def _choose(plugin: Plugin, candidates: Sequence[_Candidate], wanted: str) -> Satisfier:
    try:
        span = Range.parse(wanted)
    except PlugportError:
        return Satisfier(plugin)
    served = [c for c in candidates if c.state == ReleaseState.PUBLISHED and not c.is_yanked]
    current = [c for c in served if not c.is_deprecated]
    blocked = [c for c in candidates if c.state != ReleaseState.PUBLISHED]
    for choice in (current, served, blocked):
        states = {each.version: each.state for each in choice}
        best = max_satisfying(list(states), span)
        if best is not None:
            return Satisfier(plugin, str(best), states[best] if choice is blocked else "")
    return Satisfier(plugin)


def list_dependents(plugin: Plugin, page: int) -> tuple[list[Dependency], int]:
    """One page of those whose newest release needs the plugin, most downloaded first: 2 queries.

    Each is a dependency with `release.plugin` loaded; the number is of all of them.
    """
    rows = Dependency.objects.filter(
        name=plugin.name,
        release__plugin__is_listed=True,
        release__plugin__latest=F("release_id"),
    )
    start = (page - 1) * DEPENDENTS_A_PAGE
    order = ("-release__plugin__downloads", "id")
    # Thousands may need a plugin: those that are shown are found by little, then read whole.
    shown = rows.order_by(*order)[start : start + DEPENDENTS_A_PAGE].values("id")
    found = Dependency.objects.filter(id__in=shown).select_related("release__plugin")
    return list(found.only(*_OF_DEPENDENTS).order_by(*order)), rows.count()
