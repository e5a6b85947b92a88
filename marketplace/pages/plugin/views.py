"""The tabs, one view each. Those of a release take a version or dist-tag as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from rest_framework.request import Request

from marketplace import plugin_queries as reads
from marketplace.pages.plugin import frame
from marketplace.pages.plugin.charts import build_chart
from marketplace.pages.plugin.compare import build_comparing, open_diff
from marketplace.pages.plugin.files import ENTRIES_A_PAGE, Folder, open_path, split_crumbs
from marketplace.pages.plugin.files import View as FileView
from marketplace.paging import build_paging
from marketplace.plugin_queries import PluginHead, read_head
from marketplace.readme import render_release_readme
from marketplace.words import describe_permissions
from plugport.spec.versions import Version
from registry.api.v1.parameters import read_number, read_text
from registry.checks import get_check_title
from registry.comparing import find_baseline
from registry.documents import get_install_policy
from registry.models import Release
from registry.queries import MAX_PAGE, list_checks

View = Callable[..., HttpResponse]
MAX_LINE = 10_000_000


def page(view: View) -> View:
    """A page that is read; the part of it that changes is asked for by header."""
    return require_safe(vary_on_headers("HX-Request")(view))


def release_page(tab: frame.Tab, *load: str) -> Callable[[View], View]:
    """A page of one release: it gets the head, with the large columns named by `load`.

    A dist-tag leads to the version it names, so that what is shared stays true.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def show(request: HttpRequest, name: str, version: str = "", **rest: Any) -> HttpResponse:
            head = read_head(name, version, load=load)
            if version and head.release.version != version:
                return redirect(frame.make_address(name, head.release.version, tab, **rest))
            return view(request, head, version, **rest)

        return page(show)

    return decorate


@release_page(frame.README, "readme", "files")
def show_readme(request: HttpRequest, head: PluginHead, version: str) -> HttpResponse:
    """`/plugins/<name>` and `/plugins/<name>/<version>`: 6 queries."""
    release = head.release
    # Of a blocked release nothing is shown that its author wrote.
    readme = render_release_readme(head.plugin.name, release) if release.is_served else ""
    return frame.draw(request, head, frame.README, {"readme": readme, "version": version})


@page
def show_versions(request: HttpRequest, name: str) -> HttpResponse:
    """`…/versions`: the public releases, grouped by major version: 8 queries."""
    head = read_head(name)
    number = read_number(Request(request), "page", 1, MAX_PAGE)
    releases = reads.list_versions(head.plugin, number)
    tags: dict[str, list[str]] = {}
    for tag, version in head.plugin.document.get("distTags", {}).items():
        tags.setdefault(version, []).append(tag)
    rows = [
        (each, tags.get(each.version, []), next(iter(each.artifacts.all()))) for each in releases
    ]
    pages = -(-head.version_count // reads.VERSIONS_A_PAGE)
    context = {
        "groups": [(line, list(group)) for line, group in groupby(rows, key=_get_line)],
        "paging": build_paging(request.GET, number=number, pages=pages),
    }
    return frame.draw(request, head, frame.VERSIONS, context)


def _get_line(row: tuple[Release, Any, Any]) -> str:
    return f"{Version.parse(row[0].version).major}.x"


_GROUPS = (
    ("plugins", "Plugins", "From this registry."),
    ("packages", "Language packages", "From the package index of the plugin's language."),
    ("peer", "Expected of the host", "Brought along by what the plugin is installed into."),
)


@release_page(frame.DEPENDENCIES)
def show_dependencies(request: HttpRequest, head: PluginHead, version: str) -> HttpResponse:
    """`…/dependencies`: what it needs, and who satisfies it: 8 queries, 6 without plugins."""
    needs = head.manifest.get("dependencies", {})
    shown = dict(sorted(needs.get("plugins", {}).items())[: reads.MAX_NEEDS])
    found = reads.find_satisfiers(shown)
    groups = []
    for key, title, meaning in _GROUPS:
        rows = sorted(needs.get(key, {}).items())
        if rows:
            listed = [
                (each, span, found.get(each) if key == "plugins" else None) for each, span in rows
            ]
            left = max(0, len(rows) - reads.MAX_NEEDS)
            groups.append((key, title, meaning, listed[: reads.MAX_NEEDS], left))
    context = {"groups": groups, "version": version}
    return frame.draw(request, head, frame.DEPENDENCIES, context)


@page
def show_dependents(request: HttpRequest, name: str) -> HttpResponse:
    """`…/dependents`: whose newest release needs this plugin: 8 queries."""
    head = read_head(name)
    number = read_number(Request(request), "page", 1, MAX_PAGE)
    rows, total = reads.list_dependents(head.plugin, number)
    pages = -(-total // reads.DEPENDENTS_A_PAGE)
    context = {
        "dependents": rows,
        "total": total,
        "paging": build_paging(request.GET, number=number, pages=pages),
    }
    return frame.draw(request, head, frame.DEPENDENTS, context)


@release_page(frame.FILES, "files")
def show_files(
    request: HttpRequest, head: PluginHead, version: str, path: str = ""
) -> HttpResponse:
    """`…/files` and `…/files/<path>`: a folder, or a file to read: 6 queries."""
    asked = Request(request)
    base = frame.make_address(head.plugin.name, "" if head.is_latest else version, frame.FILES)
    context: dict[str, Any] = {
        "version": version,
        "base": base,
        "path": path,
        "crumbs": split_crumbs(path),
        "is_deep": bool(path),
    }
    number, form = read_number(asked, "page", 1, MAX_PAGE), read_text(asked, "as")
    start = read_number(asked, "start", 1, MAX_LINE)
    wanted = FileView(start, number, as_text=form == "text", in_parts=form == "parts")
    opened = open_path(head.release, path, wanted)
    if isinstance(opened, Folder):
        first = (number - 1) * ENTRIES_A_PAGE
        pages = -(-len(opened.entries) // ENTRIES_A_PAGE)
        context["entries"] = opened.entries[first : first + ENTRIES_A_PAGE]
        context["file_count"] = len(head.release.contents.files)
        context["paging"] = build_paging(request.GET, number=number, pages=pages)
    else:
        context["file"] = opened
        context["paging"] = build_paging(request.GET, number=opened.part, pages=opened.parts)
    return frame.draw(request, head, frame.FILES, context, title=path)


@page
def show_compare(request: HttpRequest, name: str) -> HttpResponse:
    """`…/compare?from=&to=&file=`: two releases side by side: 11 queries, 12 with `from`.

    Without `to` it is the newest release, without `from` the one before (`find_baseline`).
    """
    asked = Request(request)
    head = read_head(name)
    after = reads.get_compared(head.plugin, read_text(asked, "to") or head.release.version)
    wanted = read_text(asked, "from")
    before = reads.get_compared(head.plugin, wanted) if wanted else find_baseline(after)
    choices = reads.list_choices(head.plugin)
    context: dict[str, Any] = {
        "choices": choices,
        "before": before,
        "after": after,
        "before_choices": _offer(choices, before),
        "after_choices": _offer(choices, after),
        "is_deep": True,
    }
    title = "Compare"
    if before is not None:
        shown, found = build_comparing(before, after)
        path = read_text(asked, "file")
        context |= {
            "comparing": shown,
            "diff": open_diff(found, before, after, path) if path else None,
        }
        title = f"{before.version} to {after.version}"
    return frame.draw(request, head, frame.COMPARE, context, title=title)


def _offer(choices: list[str], chosen: Release | None) -> list[str]:
    """The versions to choose from, with the chosen one even if it is too old to be among them."""
    if chosen is None or chosen.version in choices:
        return choices
    return [*choices, chosen.version]


@release_page(frame.SECURITY)
def show_security(request: HttpRequest, head: PluginHead, version: str) -> HttpResponse:
    """`…/security`: checks, permissions, who published what, and its digests: 7 queries."""
    checks = list_checks(head.release)
    finished = [run.finished_at for run in checks if run.finished_at]
    context = {
        "version": version,
        "checks": [(run, get_check_title(run.name)) for run in checks],
        "checked_at": max(finished, default=None),
        "permissions": describe_permissions(head.manifest.get("permissions", {})),
        "policy": get_install_policy(head.release),
        "compare_address": f"{reverse('compare', args=[head.plugin.name])}?to={head.release.version}",
    }
    return frame.draw(request, head, frame.SECURITY, context)


@page
def show_stats(request: HttpRequest, name: str) -> HttpResponse:
    """`…/stats`: downloads by day and by version: 7 queries."""
    head = read_head(name)
    versions = reads.list_downloads_by_version(head.plugin)
    most = max((count for _version, count in versions), default=1)
    context = {
        "chart": build_chart(head.days),
        "days": [(day, count) for day, count in reversed(head.days) if count],
        "versions": [(version, count, round(100 * count / most, 1)) for version, count in versions],
    }
    return frame.draw(request, head, frame.STATS, context)
