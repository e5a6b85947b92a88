"""The head that all pages of a plugin share, the tabs, and drawing either whole page or part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from unicodedata import east_asian_width
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from marketplace.pages.plugin.charts import build_sparkline
from marketplace.pages.plugin.compare import describe
from marketplace.pages.plugin.install import build_install_line, list_other_ways
from marketplace.plugin_queries import PluginHead
from marketplace.words import describe_kind_fields
from plugport.spec.comparing.permissions import compare_permissions, parse_permissions
from registry.documents import build_deprecation, get_shown_metadata

# What four lines of the description hold: 44rem wide (`--measure`), and on a telephone.
_WIDE_CHARS, _NARROW_CHARS = 320, 130


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: `key` is its template and, but for the README, the word in its address.

    `of_release`: each release has its own; the others are of the plugin. `anchors` are the places
    that older addresses named and that are found there now.
    """

    key: str
    title: str
    of_release: bool = False
    anchors: str = ""


README = Tab("readme", "README", of_release=True)
VERSIONS = Tab("versions", "Versions", anchors="versions")
DEPENDENCIES = Tab("dependencies", "Dependencies", of_release=True, anchors="dependencies")
DEPENDENTS = Tab("dependents", "Dependents", anchors="dependents")
FILES = Tab("files", "Files", of_release=True, anchors="files")
COMPARE = Tab("compare", "Compare", anchors="compare")
SECURITY = Tab("security", "Security", of_release=True, anchors="security permissions checks")
STATS = Tab("stats", "Stats", anchors="stats")
TABS = (README, VERSIONS, DEPENDENCIES, DEPENDENTS, FILES, COMPARE, SECURITY, STATS)


@dataclass(frozen=True, slots=True)
class TabLink:
    """A tab on a page."""

    tab: Tab
    address: str
    count: int
    is_current: bool


def make_address(name: str, version: str, tab: Tab, *, path: str = "") -> str:
    """Where a tab is, or a file of it; `version` is empty at the plugin's own address."""
    if not (version and tab.of_release):
        base = reverse("plugin" if tab is README else tab.key, args=[name])
    elif tab is README:
        base = reverse("release", args=[name, version])
    else:
        base = reverse(f"release-{tab.key}", args=[name, version])
    return f"{base}/{quote(path)}" if path else base


def draw(
    request: HttpRequest, head: PluginHead, tab: Tab, context: dict[str, Any], *, title: str = ""
) -> HttpResponse:
    """The page of a tab; for a reader who came from another tab, the part below the site's head."""
    is_in_place = request.headers.get("HX-Request") == "true"
    template = "partials/plugin_body.html" if is_in_place else "pages/plugin.html"
    shown = build_frame(head, tab, version=context.get("version", ""))
    words = title or ("" if tab is README else tab.title)
    page = {**shown, **context, "tab_title": words, "is_in_place": is_in_place}
    return render(request, template, page)


def build_frame(head: PluginHead, tab: Tab, *, version: str) -> dict[str, Any]:
    """What the head, the tabs and the column of facts show."""
    manifest, release, author_says = head.manifest, head.release, select_shown(head)
    # The tabs of the newest release are those of the plugin: one address for one page.
    pinned = "" if head.is_latest else version
    return {
        "head": head,
        "plugin": head.plugin,
        "release": release,
        "shown": author_says,
        "lead_length": rate_length(author_says),
        "deprecation": build_deprecation(release),
        "gained": list_gained(head),
        "kind_fields": describe_kind_fields(manifest) if release.is_served else [],
        "sparkline": build_sparkline(head.days),
        "install_line": build_install_line(head),
        "other_ways": list_other_ways(head),
        "tab": tab,
        "tabs": [
            TabLink(
                each, make_address(head.plugin.name, pinned, each), _count(head, each), each is tab
            )
            for each in TABS
        ],
        "panel": f"partials/plugin_{tab.key}.html",
        "canonical": make_address(head.plugin.name, pinned, tab),
    }


def select_shown(head: PluginHead) -> dict[str, Any]:
    """What the author says of it. A blocked release keeps that to itself, its links above all."""
    if head.release.is_served:
        return get_shown_metadata(head.plugin, head.manifest)
    return {"dialect": head.manifest.get("dialect", "")}


def rate_length(shown: Mapping[str, Any]) -> str:
    """`wide` if the description fills four lines of any window, `narrow` if of a telephone, or ""."""
    text = f"{shown.get('displayName') or ''} {shown.get('description') or ''}"
    # A Chinese character takes the place of two Latin ones.
    width = sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
    return "wide" if width > _WIDE_CHARS else "narrow" if width > _NARROW_CHARS else ""


def list_gained(head: PluginHead) -> Any:
    """What this release may do that the one before could not, in words."""
    if head.baseline is None:
        return []
    before = parse_permissions(head.baseline.contents.manifest.get("permissions"))
    after = parse_permissions(head.manifest.get("permissions"))
    return describe(compare_permissions(before, after).gained)


def _count(head: PluginHead, tab: Tab) -> int:
    """The number beside a tab, 0 for none."""
    if tab is VERSIONS:
        return head.version_count
    if tab is DEPENDENCIES:
        return sum(len(group) for group in head.manifest.get("dependencies", {}).values())
    return 0
