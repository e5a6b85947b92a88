"""`/docs/design`: every component in every state, drawn by the templates that the pages use."""

from __future__ import annotations

import datetime as dt
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
from django.utils import timezone
from django.views.decorators.http import require_safe

from marketplace import words
from marketplace.pages.facets import Chip, Facet, Search, Value
from marketplace.pages.missing import Near
from marketplace.pages.search import Order
from marketplace.paging import PageLink, Paging
from marketplace.search.highlights import Highlight
from marketplace.templatetags.finding import Row, make_row
from registry.models import Plugin, Trust

# What is shown here leads nowhere else.
_HERE = "#content"
COLOURS: Mapping[str, str] = {
    "bg": "the page",
    "surface": "what lies on it: fields, header",
    "sunken": "what lies below it: code, keys",
    "line": "between things that belong together",
    "line-strong": "around what can be used",
    "text": "what is read",
    "muted": "what is looked up",
    "accent": "the one accent: links, what is chosen",
    "accent-strong": "the accent under the pointer",
    "accent-soft": "behind what is chosen",
    "bad": "refused, withdrawn",
    "bad-soft": "behind it",
    "warn": "needs a look",
    "warn-soft": "behind it",
    "mark": "behind words that were searched for",
}
_SIZES = ("xs", "s", "m", "l", "xl", "2xl", "3xl")
_SPACES = ("s1", "s2", "s3", "s4", "s5", "s6", "s7")


@require_safe
def show_design(request: HttpRequest) -> HttpResponse:
    """The design system, no query."""
    context: dict[str, Any] = {
        "colours": COLOURS.items(),
        "sizes": _SIZES,
        "spaces": _SPACES,
        "icons": _list_icons(),
        "trust_levels": list(Trust.values),
        "states": words.STATES.values(),
        "rows": _make_rows(),
        "forms": _make_forms(),
        **_make_parts(),
    }
    return render(request, "pages/docs/design.html", context)


@cache
def _list_icons() -> list[str]:
    sprite = Path(settings.BASE_DIR, "static/icons/sprite.svg").read_text(encoding="utf-8")
    return re.findall(r'<symbol id="([a-z-]+)"', sprite)


def _make_rows() -> list[Row]:
    """A plain row, one with matches, one with all there is, one from right to left, a bare one."""
    plain = _make_plugin("@scope/name", "Two lines of description at most; more is cut. " * 6)
    found = Highlight((("@scope/", False), ("found", True)))
    text = Highlight((("The words that were ", False), ("found", True), (" are marked.", False)))
    full = _make_plugin("old-name", "Rated, downloaded, and no longer kept.", deprecated=True)
    full.rating, full.rating_count, full.weekly_downloads = 4.3, 12, 123_456
    full.trust = Trust.VERIFIED
    full.document["owners"] = ["first-owner", "second-owner", "third-owner"]
    rtl = _make_plugin("rtl", "تصف هذه الجملة ما تفعله الإضافة.")
    rtl.trust = Trust.OFFICIAL
    bare = Plugin(name="a-name-as-long-as-names-may-be-" + "x" * 33, kind="tool", trust="untrusted")
    bare.document["owners"] = ["an-owner-with-a-name-as-long-as-" + "x" * 32]
    rows = [
        make_row(plain, {}),
        make_row(plain, {"name": found, "description": text}),
        *(make_row(plugin, {}) for plugin in (full, rtl, bare)),
    ]
    return [
        replace(
            row,
            path=_HERE,
            owners=[(owner, _HERE) for owner, _ in row.owners],
            categories=[(slug, _HERE) for slug, _ in row.categories],
        )
        for row in rows
    ]


def _make_plugin(name: str, description: str, **public: Any) -> Plugin:
    return Plugin(
        name=name,
        kind="bridge",
        description=description,
        license="MIT",
        trust=Trust.COMMUNITY,
        weekly_downloads=950,
        downloads=12_000,
        updated_at=timezone.now() - dt.timedelta(days=3),
        document={
            "latestVersion": "1.2.3",
            "owners": ["owner"],
            "categories": ["category"],
            **public,
        },
    )


class _Sample(forms.Form):
    text = forms.CharField(help_text="What is asked for, and why.")
    choice = forms.ChoiceField(choices=[("one", "One"), ("two", "Two")])
    prose = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}))
    flag = forms.MultipleChoiceField(
        choices=[("a", "This"), ("b", "That")], widget=forms.CheckboxSelectMultiple
    )


def _make_forms() -> list[tuple[str, forms.Form]]:
    filled = {"text": "A text", "choice": "two", "prose": "More.", "flag": ["a"]}
    disabled = _Sample(initial=filled, prefix="disabled")
    for field in disabled.fields.values():
        field.disabled = True
    return [
        ("Empty", _Sample(prefix="empty")),
        ("Filled", _Sample(filled, prefix="", auto_id="id_filled_%s")),
        ("Refused", _Sample({}, prefix="refused")),
        ("Not to be used now", disabled),
    ]


def _make_parts() -> dict[str, Any]:
    values = [Value(f"value {n}", 40 - 9 * n, _HERE, f"sample-{n}", n == 0) for n in range(4)]
    more = [Value("rare", 1, _HERE, "sample-rare")]
    facets = [
        Facet("sample", "Facet", values, more, None),
        Facet("empty", "Searched in vain", [], [], Search("zzz", {})),
    ]
    links = (PageLink(1, _HERE), PageLink(0), PageLink(4, _HERE), PageLink(5, _HERE, True))
    return {
        "facets": facets,
        "chips": [Chip("Kind", "Bridge", _HERE), Chip("Tag", "chat", _HERE)],
        "without_filters": _HERE,
        "orders": [Order("a", "Chosen", _HERE, True), Order("b", "Other", _HERE, False)],
        "paging": Paging(links, PageLink(4, _HERE), PageLink(6, _HERE)),
        "near": Near([("@scope/name", _HERE)], ""),
        "suggestions": [
            ("@scope/chosen", "Bridge", "Official", True),
            ("another-one", "Storage", "Community", False),
        ],
    }
