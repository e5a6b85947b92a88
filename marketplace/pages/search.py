"""`/search`: the catalog filtered by words and facets. The URL holds the whole state."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from common.cache_marks import InvalidatedBy, cacheable
from common.rate_limits import count_request
from marketplace.pages.facets import build_chips, build_facets
from marketplace.pages.listing import build_sort_options
from marketplace.pagination import build_pagination
from marketplace.search import query_log, service
from marketplace.search.members import search_for
from marketplace.search.parameters import SEARCH_PARAMETERS, SearchParameters
from marketplace.search.query import FACETS, SearchQuery
from marketplace.search.result_marks import mark_results
from marketplace.search.search_urls import SearchUrl
from marketplace.search.service import SearchResults
from marketplace.search.tokenizer import has_only_signs
from registry.api.v1.parameters import get_int_parameter
from registry.api.viewers import get_page_viewer
from registry.queries.catalog import MAX_LIMIT, MAX_PAGE


@require_safe
# The fragment and the page share a URL. Without Vary, the Back button or a cache shows the bare fragment.
# A search while typing looks the same, but is not recorded.
@vary_on_headers("HX-Request", "HX-Trigger")
@cacheable(InvalidatedBy.ANY_CHANGE, *SEARCH_PARAMETERS)
def render_search(request: HttpRequest) -> HttpResponse:
    """One page of results. An htmx request gets only the part below the search field."""
    parameters = SearchParameters(request, is_lenient=True)
    query = replace(parameters.parse_search_query(), has_open_facets=True)
    facet_prefix = parameters.parse_choice("facet", FACETS), parameters.parse_text("begins")
    # The script searches at every pause in typing, mostly for half a word. Those searches are not
    # recorded; when the reader stops, the script posts the final one to `record_search`.
    is_typed = request.headers.get("HX-Trigger") == "search-form"
    viewer = get_page_viewer(request)
    results = search_for(viewer, query, is_recorded=not is_typed)
    page, url = results.page, SearchUrl(query)
    is_in_place = request.headers.get("HX-Request") == "true"
    context: dict[str, Any] = {
        "query": query,
        "ignored_parameters": parameters.ignored_parameters,
        "results": results,
        "facets": build_facets(query, results, url, facet_prefix, viewer),
        "chips": build_chips(query, url),
        "sort_options": build_sort_options(query, url, page),
        "pagination": build_pagination(url.query, number=page.number, pages=page.pages),
        # The search field sends `q`; hidden fields keep filters and order in a search without script.
        "hidden_fields": url.without("q"),
        "without_filters": SearchUrl(SearchQuery(text=query.text, sort=query.sort)),
        "corrected": url.change(q=results.did_you_mean) if results.did_you_mean else "",
        "first_page": url.change(),
        "first_rank": query.offset + 1,
        "is_indexable": _is_indexable(query, results),
        "canonical": str(url),
        "is_in_place": is_in_place,
        "has_only_signs": has_only_signs(query.text),
    }
    template = "partials/results.html" if is_in_place else "pages/search.html"
    return mark_results(render(request, template, context), results)


def _is_indexable(query: SearchQuery, results: SearchResults) -> bool:
    """Return whether search engines may index the page: words alone that have results.

    Filters combine in thousands of ways, and a search without results has no content: both would
    fill an index with near duplicates, so they have `noindex`.
    """
    words_only = SearchUrl(SearchQuery(text=query.text))
    is_first = query.page == 1 and results.page.total > 0
    return is_first and str(SearchUrl(query)) == str(words_only)


@csrf_exempt  # It adds to anonymous counters only, so a forged request gains nothing.
@require_POST
def record_search(request: HttpRequest) -> HttpResponse:
    """Record that the reader meant the search in this URL, or clicked the result `rank` (SRCH-4).

    Runs up to 5 queries without `rank`, none with it. Counts against the quota for reads. Raises
    `RateLimitedError`.
    """
    count_request(request, "read")
    query = SearchParameters(request, is_lenient=True).parse_search_query()
    rank = get_int_parameter(request.GET, "rank", 0, MAX_PAGE * MAX_LIMIT)
    # Another site could post here to distort the statistics; browsers name the origin (Fetch
    # Metadata). Clients that are no browsers send no such header and are limited by the quota.
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return HttpResponse(status=204)
    # A click refers to results that were already recorded, so it runs no search.
    if rank:
        query_log.record_click(query, rank)
    else:
        service.search_plugins(replace(query, facets=()))
    return HttpResponse(status=204)
