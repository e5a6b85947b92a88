"""`/search`: the catalogue narrowed by words and filters, all of them in the address."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from rest_framework.request import Request

from marketplace import words
from marketplace.paging import build_paging, replace_query
from plugport.spec.manifest.kinds import KINDS
from registry import queries
from registry.api.v1.parameters import read_filter
from registry.catalogue.filter import PluginFilter
from registry.models import Trust


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the address without it."""

    label: str
    value: str
    query: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One `select` of the form: its parameter and its options as (value, text)."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


@require_safe
@vary_on_headers("HX-Request")
def show_search(request: HttpRequest) -> HttpResponse:
    """One page of what matches. An in-place search gets the part with the results alone."""
    wanted = read_filter(Request(request))
    found = queries.list_plugins(wanted)
    context = {
        "wanted": wanted,
        "found": found,
        "sorts": words.SORTS.items(),
        "chips": _build_chips(request.GET, wanted),
        "paging": build_paging(request.GET, number=found.number, pages=found.pages),
        "without_filters": replace_query(QueryDict(), q=wanted.q),
    }
    if request.headers.get("HX-Request") == "true":
        response = render(request, "partials/results.html", context)
        # The address without the fields that were left empty.
        response.headers["HX-Push-Url"] = request.path + replace_query(request.GET)
        return response
    return render(request, "pages/search.html", context | {"choices": _build_choices(wanted)})


def _build_chips(query: QueryDict, wanted: PluginFilter) -> list[Chip]:
    values = (
        ("type", "Kind", words.get_kind_title(wanted.kind)),
        ("category", "Category", wanted.category),
        ("tag", "Tag", wanted.tag),
        ("author", "Author", wanted.author),
        ("trust", "Trust", words.TRUST[wanted.trust].label if wanted.trust else ""),
        ("license", "Licence", wanted.license),
        ("verified", "Verified", _say_flag(wanted.verified)),
    )
    return [
        Chip(label, value, replace_query(query, **{name: "", "page": ""}))
        for name, label, value in values
        if value
    ]


def _say_flag(flag: bool | None) -> str:
    return {True: "yes", False: "no", None: ""}[flag]


def _build_choices(wanted: PluginFilter) -> list[Choice]:
    """The filters of the form: 3 queries."""
    categories = [slug for slug, _count in queries.list_categories()]
    tags = [slug for slug, _count in queries.list_tags(most=60)]
    licences = [name for name, _count in queries.list_licences()]
    return [
        Choice("type", "Kind", [(k.name, k.title) for k in KINDS.values()], wanted.kind),
        _build_choice("category", "Category", categories, wanted.category),
        _build_choice("tag", "Tag", tags, wanted.tag),
        Choice("trust", "Trust", [(t, words.TRUST[t].label) for t in Trust.values], wanted.trust),
        _build_choice("license", "Licence", licences, wanted.license),
    ]


def _build_choice(name: str, label: str, values: list[str], chosen: str) -> Choice:
    """Options that are their own text; what is chosen is among them even if it is rare."""
    missing = [chosen] if chosen and chosen not in values else []
    return Choice(name, label, [(value, value) for value in [*missing, *values]], chosen)
