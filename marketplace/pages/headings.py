"""`/categories` and `/tags`: every heading with its number of plugins, and the plugins of one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace.list_queries import Sort, read_heading
from marketplace.pages.listing import build_listing
from marketplace.search.parameters import Reading
from registry.queries import list_categories, list_tags

_TAGS = 200
_BESIDE = 16


@require_safe
def show_categories(request: HttpRequest) -> HttpResponse:
    """All categories, and the tags that are used most."""
    context = {"categories": list_categories(), "tags": list_tags(most=60)}
    return render(request, "pages/categories.html", context)


@require_safe
def show_tags(request: HttpRequest) -> HttpResponse:
    """The tags that are used most; the others are found by searching."""
    return render(request, "pages/tags.html", {"tags": list_tags(most=_TAGS)})


@require_safe
def show_category(request: HttpRequest, slug: str) -> HttpResponse:
    """The plugins of a category."""
    return _show(request, "category", slug)


@require_safe
def show_tag(request: HttpRequest, slug: str) -> HttpResponse:
    """The plugins that have a tag."""
    return _show(request, "tag", slug)


def _show(request: HttpRequest, sort: Sort, slug: str) -> HttpResponse:
    reading = Reading(request, is_lenient=True)
    query = reading.read_search()
    heading = read_heading(sort, slug, query)
    beside = [pair for pair in heading.facets["tag"].items() if pair[0] != slug]
    context = build_listing(request, query, heading.page, reading.left_out)
    context |= {"heading": heading, "sort": sort, "beside": beside[:_BESIDE]}
    return render(request, "pages/heading.html", context)
