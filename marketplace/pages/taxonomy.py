"""`/categories` and `/tags`: all terms with their number of plugins, and the plugins of one term."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.cache_marks import InvalidatedBy, cacheable, withhold_mark
from marketplace.pages.listing import LIST_PARAMETERS, build_listing_context
from marketplace.queries.lists import TaxonomyType, get_taxonomy_page
from marketplace.search.parameters import SearchParameters
from registry.api.viewers import get_page_viewer
from registry.queries.catalog import list_categories, list_tags

# Authors choose tags freely: a page of all of them would have no bound.
_MAX_TAGS = 200
_MAX_TAGS_BELOW_CATEGORIES = 60
_MAX_RELATED_TAGS = 16


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def render_categories(request: HttpRequest) -> HttpResponse:
    """All categories, and the most used tags."""
    tags = list_tags(max_results=_MAX_TAGS_BELOW_CATEGORIES)
    return render(request, "pages/categories.html", {"categories": list_categories(), "tags": tags})


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def render_tags(request: HttpRequest) -> HttpResponse:
    """The most used tags."""
    return render(request, "pages/tags.html", {"tags": list_tags(max_results=_MAX_TAGS)})


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE, *LIST_PARAMETERS)
def render_category(request: HttpRequest, slug: str) -> HttpResponse:
    """The plugins in a category. Raises `UnknownCategoryError`."""
    return _render_term(request, "category", slug)


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE, *LIST_PARAMETERS)
def render_tag(request: HttpRequest, slug: str) -> HttpResponse:
    """The plugins with a tag. Raises `UnknownTagError`."""
    return _render_term(request, "tag", slug)


def _render_term(request: HttpRequest, taxonomy_type: TaxonomyType, slug: str) -> HttpResponse:
    parameters = SearchParameters(request, is_lenient=True)
    query = parameters.parse_search_query()
    term = get_taxonomy_page(taxonomy_type, slug, query, get_page_viewer(request))
    related = [pair for pair in term.facets["tag"].items() if pair[0] != slug]
    context = build_listing_context(request, query, term.page, parameters.ignored_parameters)
    context |= {
        "term": term,
        "taxonomy_type": taxonomy_type,
        "related_tags": related[:_MAX_RELATED_TAGS],
    }
    response = render(request, "pages/taxonomy_term.html", context)
    if not term.is_current:
        withhold_mark(response)
    return response
