"""`/docs/design`: every component in every state, rendered by the templates of the real pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace import labels
from marketplace.pages.facets import Chip, Facet, FacetSearch
from marketplace.pages.listing import SortOption
from marketplace.pages.not_found import SimilarNames
from marketplace.pagination import PageLink, Pagination
from marketplace.search.highlights import Highlight
from marketplace.templatetags.search_results import FacetValue, PluginRow, build_row
from plugport.spec.manifest.kinds import KINDS
from registry.models import Plugin, Trust

# The samples are links without a target.
_PLACEHOLDER_URL = "#content"
COLORS: Mapping[str, str] = {
    "bg": "background of the page",
    "surface": "fields, header",
    "sunken": "code, keys",
    "line": "dividers in lists and tables",
    "line-strong": "borders of controls",
    "text": "body text",
    "muted": "secondary text",
    "accent": "links, selected items",
    "accent-strong": "hovered links and buttons",
    "accent-soft": "background of selected items",
    "bad": "errors, rejected and blocked releases",
    "bad-soft": "background of errors",
    "warn": "warnings",
    "warn-soft": "background of warnings",
    "mark": "background of search matches",
}
# Two requests for the page get the same bytes.
_UPDATED_AT, _AGO = "2026-01-31T12:00:00+00:00", "3 days ago"
_SIZES = ("xs", "s", "m", "l", "xl", "2xl", "3xl")
_SPACES = ("s1", "s2", "s3", "s4", "s5", "s6", "s7")


@require_safe
def render_design(request: HttpRequest) -> HttpResponse:
    """The design system: no query."""
    context: dict[str, Any] = {
        "colors": COLORS.items(),
        "sizes": _SIZES,
        "spaces": _SPACES,
        "icons": _list_icons(),
        "kinds": [
            (kind.name, kind.title, labels.get_kind_icon(kind.name)) for kind in KINDS.values()
        ],
        "trust_levels": list(Trust.values),
        "states": labels.STATES.values(),
        "rows": _build_rows(),
        "forms": _build_forms(),
        **_build_components(),
    }
    return render(request, "pages/docs/design.html", context)


@cache
def _list_icons() -> list[str]:
    sprite = Path(settings.BASE_DIR, "static/icons/sprite.svg").read_text(encoding="utf-8")
    return re.findall(r'<symbol id="([a-z-]+)"', sprite)


def _build_rows() -> list[PluginRow]:
    """Return rows: plain, with matches, with every field, right to left, and with the least data."""
    plain = _build_plugin("@scope/name", "A description is truncated after two lines. " * 6)
    name = Highlight((("@scope/", False), ("match", True)))
    text = Highlight((("Words that ", False), ("match", True), (" are highlighted.", False)))
    full = _build_plugin("old-name", "Rated, downloaded, deprecated.", deprecated=True)
    full.rating, full.rating_count, full.weekly_downloads = 4.3, 12, 123_456
    full.trust = Trust.VERIFIED
    full.document["owners"] = ["first-owner", "second-owner", "third-owner"]
    rtl = _build_plugin("rtl", "تصف هذه الجملة ما تفعله الإضافة.")
    rtl.trust = Trust.OFFICIAL
    bare = Plugin(name="a-name-as-long-as-names-may-be-" + "x" * 33, kind="tool", trust="untrusted")
    bare.document["owners"] = ["an-owner-with-a-name-as-long-as-" + "x" * 32]
    rows = [
        build_row(plain, {}),
        build_row(plain, {"name": name, "description": text}),
        *(build_row(plugin, {}) for plugin in (full, rtl, bare)),
    ]
    return [
        replace(
            row,
            path=_PLACEHOLDER_URL,
            owners=[(owner, _PLACEHOLDER_URL) for owner, _ in row.owners],
            categories=[(slug, _PLACEHOLDER_URL) for slug, _ in row.categories],
            updated_at=_UPDATED_AT,
            ago=_AGO,
        )
        for row in rows
    ]


def _build_plugin(name: str, description: str, **public: Any) -> Plugin:
    return Plugin(
        name=name,
        kind="bridge",
        description=description,
        license="MIT",
        trust=Trust.COMMUNITY,
        weekly_downloads=950,
        downloads=12_000,
        document={
            "latestVersion": "1.2.3",
            "owners": ["owner"],
            "categories": ["category"],
            **public,
        },
    )


class _SampleForm(forms.Form):
    text = forms.CharField(help_text="A hint below the field.")
    choice = forms.ChoiceField(choices=[("one", "One"), ("two", "Two")])
    prose = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}))
    flag = forms.MultipleChoiceField(
        choices=[("a", "This"), ("b", "That")], widget=forms.CheckboxSelectMultiple
    )


def _build_forms() -> list[tuple[str, forms.Form]]:
    filled = {"text": "A text", "choice": "two", "prose": "More.", "flag": ["a"]}
    disabled = _SampleForm(initial=filled, prefix="disabled")
    for field in disabled.fields.values():
        field.disabled = True
    return [
        ("Empty", _SampleForm(prefix="empty")),
        ("Filled", _SampleForm(filled, prefix="", auto_id="id_filled_%s")),
        ("With errors", _SampleForm({}, prefix="refused")),
        ("Disabled", disabled),
    ]


def _build_components() -> dict[str, Any]:
    values = [
        FacetValue(f"value {n}", 40 - 9 * n, _PLACEHOLDER_URL, f"sample-{n}", n == 0)
        for n in range(4)
    ]
    more = [FacetValue("rare", 1, _PLACEHOLDER_URL, "sample-rare")]
    facets = [
        Facet("sample", "Facet", values, more, None),
        Facet("empty", "Search without results", [], [], FacetSearch("zzz", {})),
    ]
    links = (
        PageLink(1, _PLACEHOLDER_URL),
        PageLink(0),
        PageLink(4, _PLACEHOLDER_URL),
        PageLink(5, _PLACEHOLDER_URL, True),
    )
    return {
        "facets": facets,
        "chips": [Chip("Kind", "Bridge", _PLACEHOLDER_URL), Chip("Tag", "chat", _PLACEHOLDER_URL)],
        "without_filters": _PLACEHOLDER_URL,
        "sort_options": [
            SortOption("a", "Selected", _PLACEHOLDER_URL, True),
            SortOption("b", "Other", _PLACEHOLDER_URL, False),
        ],
        "pagination": Pagination(
            links, PageLink(4, _PLACEHOLDER_URL), PageLink(6, _PLACEHOLDER_URL)
        ),
        "similar": SimilarNames([("@scope/name", _PLACEHOLDER_URL)], ""),
        "suggestions": [
            ("@scope/selected", "Bridge", "Official", True),
            ("another-one", "Storage", "Community", False),
        ],
    }
