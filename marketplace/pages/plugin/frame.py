"""The head and the tabs of a plugin's pages, rendered as a whole page or as an htmx fragment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from unicodedata import east_asian_width
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from marketplace.labels import list_kind_fields, list_permission_groups
from marketplace.pages.plugin.charts import build_sparkline
from marketplace.pages.plugin.compare import build_permission_groups
from marketplace.pages.plugin.install import build_install_command, list_other_install_methods
from marketplace.queries.plugin_detail import MAX_COUNTED_DEPENDENTS, PluginHead
from plugport.spec.config_keys import count_config_keys, list_config_keys
from plugport.spec.diff.permissions import compare_permissions, parse_permissions
from registry.representations.plugins import (
    build_deprecation,
    build_public_metadata,
    find_repository_proof,
)

# Four lines of description, at 44rem (`--measure` in tokens.css) and on a phone.
_WIDE_CHARS, _NARROW_CHARS = 320, 130


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab. `key` names its template and, except for the README, is part of its URL.

    `is_wide`: it shows lines of code and uses the width of the facts, which follow it. `of_release`: each release has its own tab. `anchors` are fragments of older URLs, which the
    script redirects to this tab.
    """

    key: str
    title: str
    of_release: bool = False
    anchors: str = ""
    is_wide: bool = False


README = Tab("readme", "README", of_release=True)
VERSIONS = Tab("versions", "Versions", anchors="versions")
DEPENDENCIES = Tab("dependencies", "Dependencies", of_release=True, anchors="dependencies")
DEPENDENTS = Tab("dependents", "Dependents", anchors="dependents")
FILES = Tab("files", "Files", of_release=True, anchors="files", is_wide=True)
COMPARE = Tab("compare", "Compare", anchors="compare", is_wide=True)
SECURITY = Tab("security", "Security", of_release=True, anchors="security permissions checks")
STATS = Tab("stats", "Stats", anchors="stats")
TABS = (README, VERSIONS, DEPENDENCIES, DEPENDENTS, FILES, COMPARE, SECURITY, STATS)


@dataclass(frozen=True, slots=True)
class TabLink:
    """The title, URL and state of a tab in the navigation. `count` is a number as text, or ""."""

    tab: Tab
    address: str
    count: str
    is_current: bool


def build_tab_url(name: str, version: str, tab: Tab, *, path: str = "") -> str:
    """Return the URL of a tab, or of a file in it; an empty `version` is the newest release."""
    if not (version and tab.of_release):
        base = reverse("plugin" if tab is README else tab.key, args=[name])
    elif tab is README:
        base = reverse("release", args=[name, version])
    else:
        base = reverse(f"release-{tab.key}", args=[name, version])
    return f"{base}/{quote(path)}" if path else base


def render_tab(
    request: HttpRequest, head: PluginHead, tab: Tab, context: dict[str, Any], *, title: str = ""
) -> HttpResponse:
    """Render the page of a tab; an htmx request gets only the part below the site header."""
    is_in_place = request.headers.get("HX-Request") == "true"
    template = "partials/plugin_body.html" if is_in_place else "pages/plugin.html"
    frame_context = build_frame_context(head, tab, version=context.get("version", ""))
    tab_title = title or ("" if tab is README else tab.title)
    page = {**frame_context, **context, "tab_title": tab_title, "is_in_place": is_in_place}
    return render(request, template, page)


def build_frame_context(head: PluginHead, tab: Tab, *, version: str) -> dict[str, Any]:
    """Return the context of the head, the tabs and the column of facts."""
    manifest, release, metadata = head.manifest, head.release, get_public_metadata(head)
    # The newest release uses the URLs without a version, so that a page has one canonical URL.
    pinned = "" if head.is_latest else version
    return {
        "head": head,
        "plugin": head.plugin,
        "release": release,
        "metadata": metadata,
        "lead_length": classify_description_length(metadata),
        "deprecation": build_deprecation(release),
        "repository_proof": find_repository_proof(metadata.get("repository"), head.proofs),
        "gained": list_gained_permissions(head),
        "permissions": list_permission_groups(manifest.get("permissions", {})),
        **_build_config_context(manifest if release.is_served else {}),
        "kind_fields": list_kind_fields(manifest) if release.is_served else [],
        "sparkline": build_sparkline(head.days),
        "install_command": build_install_command(head),
        "other_install_methods": list_other_install_methods(head),
        "tab": tab,
        "tabs": [
            TabLink(
                each,
                build_tab_url(head.plugin.name, pinned, each),
                _format_tab_count(head, each),
                each is tab,
            )
            for each in TABS
        ],
        "panel": f"partials/plugin_{tab.key}.html",
        "security_address": build_tab_url(head.plugin.name, pinned, SECURITY),
        "canonical": build_tab_url(head.plugin.name, pinned, tab),
    }


def get_public_metadata(head: PluginHead) -> dict[str, Any]:
    """Return the public metadata of the manifest.

    For a blocked release, which may be malware, only the manifest format: no texts, no links.
    """
    if head.release.is_served:
        return build_public_metadata(head.plugin, head.manifest)
    return {"dialect": head.manifest.get("dialect", "")}


def classify_description_length(metadata: Mapping[str, Any]) -> str:
    """Return `wide` if the description exceeds four lines everywhere, `narrow` if on phones, else ""."""
    text = f"{metadata.get('displayName') or ''} {metadata.get('description') or ''}"
    # East Asian wide characters have twice the width (Unicode UAX #11).
    width = sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
    return "wide" if width > _WIDE_CHARS else "narrow" if width > _NARROW_CHARS else ""


def list_gained_permissions(head: PluginHead) -> Any:
    """Return the permissions that this release has and the baseline has not."""
    # The first release gains nothing: there is nothing that users had agreed to before.
    if head.baseline is None:
        return []
    before = parse_permissions(head.baseline.contents.manifest.get("permissions"))
    after = parse_permissions(head.manifest.get("permissions"))
    return build_permission_groups(compare_permissions(before, after).gained)


def _build_config_context(manifest: Mapping[str, Any]) -> dict[str, Any]:
    keys = list_config_keys(manifest.get("config"))
    return {
        "config_keys": keys,
        "required_keys": [key for key in keys if key.is_required],
        "optional_key_count": sum(not key.is_required for key in keys),
        "omitted_keys": count_config_keys(manifest.get("config")) - len(keys),
    }


def _format_tab_count(head: PluginHead, tab: Tab) -> str:
    """Return the number on a tab, "" for none."""
    count = 0
    if tab is VERSIONS:
        count = head.version_count
    elif tab is DEPENDENCIES:
        count = sum(len(group) for group in head.manifest.get("dependencies", {}).values())
    elif tab is DEPENDENTS:
        count = head.dependent_count
        if count == MAX_COUNTED_DEPENDENTS:
            return f"{count:,}+"
    return f"{count:,}" if count else ""
