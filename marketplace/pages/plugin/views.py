"""The tabs, one view each. Tabs of a release also accept a version or dist-tag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from common.cache_marks import InvalidatedBy, cacheable, withhold_mark
from marketplace.pages.checks import build_check_results
from marketplace.pages.plugin import frame
from marketplace.pages.plugin.charts import build_chart
from marketplace.pages.plugin.compare import build_comparison_summary, build_file_diff
from marketplace.pages.plugin.files import build_path_context
from marketplace.pagination import build_pagination
from marketplace.queries import plugin_detail as reads
from marketplace.queries.plugin_detail import PluginHead, get_plugin_head
from marketplace.readme import (
    render_listed_changes,
    render_release_changes,
    render_release_readme,
)
from marketplace.readme.changes import MAX_LISTED_CHARS
from plugport.spec.versions import Version
from registry.api.v1.parameters import get_int_parameter, get_text_parameter
from registry.api.viewers import get_page_viewer
from registry.models import Artifact, Release, Visibility
from registry.queries.baselines import find_baseline
from registry.queries.catalog import MAX_PAGE, list_checks
from registry.representations.compared_releases import ReleasePair
from registry.representations.releases import build_release_url, get_install_policy
from registry.visibility import get_public_contents, get_public_findings

View = Callable[..., HttpResponse]


def plugin_page(view: View) -> View:
    """Decorate a view that renders a whole page or, for `HX-Request`, a fragment of it."""
    # The fragment and the page share a URL, so caches must keep them apart.
    return require_safe(vary_on_headers("HX-Request")(view))


def release_page(tab: frame.Tab, *load: str) -> Callable[[View], View]:
    """Decorate the view of a release's tab: it receives the head with the columns in `load`.

    A dist-tag redirects to the version it names, so that a shared link keeps its meaning.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def render_release(
            request: HttpRequest, name: str, version: str = "", **rest: Any
        ) -> HttpResponse:
            head = get_plugin_head(name, get_page_viewer(request), version, load=load)
            # Temporary, because a dist-tag moves.
            if version and head.release.version != version:
                return redirect(frame.build_tab_url(name, head.release.version, tab, **rest))
            return view(request, head, version, **rest)

        # Every tab has the number of dependents, which other plugins change.
        return plugin_page(cacheable(InvalidatedBy.ANY_CHANGE)(render_release))

    return decorate


@release_page(frame.README, "readme", "files", "changelog_entry")
def render_readme(request: HttpRequest, head: PluginHead, version: str) -> HttpResponse:
    """`/plugins/<name>` and `/plugins/<name>/<version>`: 6 queries."""
    release = head.release
    # A blocked release may be malware or abuse: none of its author's texts is shown.
    context: dict[str, Any] = {"version": version}
    if release.is_served:
        context["readme"] = render_release_readme(head.plugin.name, release)
        context["changes"] = render_release_changes(head.plugin.name, release)
    return frame.render_tab(request, head, frame.README, context)


@plugin_page
@cacheable(InvalidatedBy.ANY_CHANGE, "page")
def render_versions(request: HttpRequest, name: str) -> HttpResponse:
    """`…/versions`: public releases, grouped by major version: 8 queries."""
    head = get_plugin_head(name, get_page_viewer(request))
    number = get_int_parameter(request.GET, "page", 1, MAX_PAGE)
    releases = reads.list_versions(head.plugin, number)
    tags: dict[str, list[str]] = {}
    for tag, version in head.plugin.document.get("distTags", {}).items():
        tags.setdefault(version, []).append(tag)
    rows = [
        _VersionRow(
            each,
            tags.get(each.version, []),
            next(iter(each.artifacts.all())),
            render_listed_changes(each.changes, each.repository) if each.is_served else "",
            is_cut=len(each.changes) > MAX_LISTED_CHARS,
        )
        for each in releases
    ]
    pages = -(-head.version_count // reads.VERSIONS_PER_PAGE)
    context = {
        "groups": [(line, list(group)) for line, group in groupby(rows, key=_get_release_line)],
        "pagination": build_pagination(request.GET, number=number, pages=pages),
    }
    return frame.render_tab(request, head, frame.VERSIONS, context)


@dataclass(frozen=True, slots=True)
class _VersionRow:
    """A release on the tab, with its dist-tags and changes as HTML. `is_cut`: there are more."""

    release: Release
    tags: Sequence[str]
    artifact: Artifact
    changes: str
    is_cut: bool


def _get_release_line(row: _VersionRow) -> str:
    return f"{Version.parse(row.release.version).major}.x"


_DEPENDENCY_GROUPS = (
    ("plugins", "Plugins", "From this registry."),
    ("packages", "Language packages", "From the package index of the plugin's language."),
    ("peer", "Host packages", "Provided by the host that the plugin is installed into."),
)


@release_page(frame.DEPENDENCIES)
def render_dependencies(request: HttpRequest, head: PluginHead, version: str) -> HttpResponse:
    """`…/dependencies`: what the release needs: 8 queries, 6 if it needs no plugin."""
    needs = head.manifest.get("dependencies", {})
    ranges = dict(sorted(needs.get("plugins", {}).items())[: reads.MAX_DEPENDENCIES])
    satisfying = reads.select_satisfying_releases(ranges, head.viewer)
    groups = []
    for key, title, description in _DEPENDENCY_GROUPS:
        rows = sorted(needs.get(key, {}).items())
        if rows:
            dependencies = [
                (name, version_range, satisfying.get(name) if key == "plugins" else None)
                for name, version_range in rows[: reads.MAX_DEPENDENCIES]
            ]
            omitted = max(0, len(rows) - reads.MAX_DEPENDENCIES)
            groups.append((key, title, description, dependencies, omitted))
    visibility = Visibility(head.plugin.visibility)
    hidden = [
        name
        for name, found in satisfying.items()
        if found.plugin is not None
        and visibility.is_wider_than(Visibility(found.plugin.visibility))
    ]
    context = {"groups": groups, "version": version, "hidden_dependencies": hidden}
    return frame.render_tab(request, head, frame.DEPENDENCIES, context)


@plugin_page
@cacheable(InvalidatedBy.ANY_CHANGE, "page")
def render_dependents(request: HttpRequest, name: str) -> HttpResponse:
    """`…/dependents`: plugins whose newest release needs this one: 8 queries."""
    head = get_plugin_head(name, get_page_viewer(request))
    number = get_int_parameter(request.GET, "page", 1, MAX_PAGE)
    rows, total = reads.list_dependents(head.plugin, head.viewer, number)
    pages = -(-total // reads.DEPENDENTS_PER_PAGE)
    context = {
        "dependents": rows,
        "total": total,
        "pagination": build_pagination(request.GET, number=number, pages=pages),
    }
    return frame.render_tab(request, head, frame.DEPENDENTS, context)


@release_page(frame.FILES, "files")
def render_files(
    request: HttpRequest, head: PluginHead, version: str, path: str = ""
) -> HttpResponse:
    """`…/files` and `…/files/<path>`: a folder or a file: 6 queries."""
    base = frame.build_tab_url(head.plugin.name, "" if head.is_latest else version, frame.FILES)
    context: dict[str, Any] = {
        "version": version,
        "base": base,
        "path": path,
        "is_deep": bool(path),
        "raw_base": f"{reverse('release', args=[head.plugin.name, head.release.version])}/raw",
    }
    if head.release.is_served:
        context["package_address"] = f"{build_release_url(head.release)}/download"
        context["package_bytes"] = head.artifact.size_bytes
    # A URL with a file name must not show that name as one of a blocked release.
    shown_path = "" if head.release.is_blocked else path
    context |= build_path_context(request.GET, head.release, shown_path)
    response = frame.render_tab(request, head, frame.FILES, context, title=path)
    opened = context.get("file")
    if opened is not None and opened.code is not None and opened.code.lacks_colors:
        # The next request may get them.
        withhold_mark(response)
    return response


@plugin_page
@cacheable(InvalidatedBy.ANY_CHANGE, "from", "to", "file")
def render_compare(request: HttpRequest, name: str) -> HttpResponse:
    """`…/compare?from=&to=&file=`: the difference between releases: 12 queries.

    1 less if the comparison is stored. `to` defaults to the newest release, `from` to the one before
    it (`find_baseline`).
    """
    parameters = request.GET
    head = get_plugin_head(name, get_page_viewer(request))
    after = reads.get_release(head, get_text_parameter(parameters, "to") or head.release.version)
    baseline_version = get_text_parameter(parameters, "from")
    # A URL may name any public version as `from`, so a downgrade can be reviewed as well.
    before = reads.get_release(head, baseline_version) if baseline_version else find_baseline(after)
    choices = reads.list_version_choices(head.plugin)
    context: dict[str, Any] = {
        "choices": choices,
        "before": before,
        "after": after,
        "before_choices": _list_version_options(choices, before),
        "after_choices": _list_version_options(choices, after),
        "is_deep": True,
    }
    title = "Compare"
    if before is not None:
        pair = ReleasePair(before, after)
        summary = build_comparison_summary(pair)
        path = get_text_parameter(parameters, "file")
        query = f"?{urlencode({'from': before.version, 'to': after.version})}"
        # A diff contains lines of both releases, so one blocked release hides it.
        hides_files = before.is_blocked or after.is_blocked
        shows_diff = path and not hides_files
        context |= {
            "summary": summary,
            "hides_files": hides_files,
            "diff": build_file_diff(pair, summary, path) if shows_diff else None,
            "compare_address": query,
            "file_query": f"{query}&file=",
            "before_files": _find_files_url(before),
            "after_files": _find_files_url(after),
            "diff_address": f"{build_release_url(after)}/diff?{urlencode({'from': before.version})}",
        }
        title = f"{before.version} to {after.version}"
    return frame.render_tab(request, head, frame.COMPARE, context, title=title)


def _find_files_url(release: Release) -> str:
    """Return the URL of the files of a release, or "" if they are not public."""
    if not release.is_served:
        return ""
    return frame.build_tab_url(release.plugin.name, release.version, frame.FILES)


def _list_version_options(choices: list[str], chosen: Release | None) -> list[str]:
    """Return the options; the chosen version is added if it is too old to be among them."""
    if chosen is None or chosen.version in choices:
        return choices
    return [*choices, chosen.version]


@release_page(frame.SECURITY)
def render_security(request: HttpRequest, head: PluginHead, version: str) -> HttpResponse:
    """`…/security`: permissions, checks, provenance and digests: 7 queries."""
    checks = list_checks(head.release)
    finished = [run.finished_at for run in checks if run.finished_at]
    context = {
        "version": version,
        "checks": build_check_results(checks, partial(get_public_findings, head.release)),
        "warnings": get_public_contents(head.release).warnings,
        "checked_at": max(finished, default=None),
        "policy": get_install_policy(head.release),
        "compare_address": f"{reverse('compare', args=[head.plugin.name])}?to={head.release.version}",
    }
    return frame.render_tab(request, head, frame.SECURITY, context)


@plugin_page
@cacheable(InvalidatedBy.ANY_CHANGE)
def render_stats(request: HttpRequest, name: str) -> HttpResponse:
    """`…/stats`: downloads by day and by version: 7 queries."""
    head = get_plugin_head(name, get_page_viewer(request))
    versions = reads.list_downloads_by_version(head.plugin)
    max_count = max((count for _version, count in versions), default=1)
    context = {
        "chart": build_chart(head.days),
        "days": [(day, count) for day, count in reversed(head.days) if count],
        "versions": [
            (version, count, round(100 * count / max_count, 1)) for version, count in versions
        ],
    }
    return frame.render_tab(request, head, frame.STATS, context)
