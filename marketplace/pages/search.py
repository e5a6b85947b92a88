"""`/search`: the catalogue narrowed by words and filters, all of them in the address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from rest_framework.request import Request

from marketplace import words
from marketplace.pages.address import SearchAddress
from marketplace.pages.facets import build_chips, build_facets
from marketplace.paging import build_paging
from marketplace.search import recording, service
from marketplace.search.parameters import Reading
from marketplace.search.query import FACETS, SearchQuery
from marketplace.search.service import Found
from registry.api.address import get_address
from registry.api.v1.parameters import read_number
from registry.limits import spend
from registry.queries import MAX_LIMIT, MAX_PAGE


@dataclass(frozen=True, slots=True)
class Order:
    """An order to choose."""

    name: str
    text: str
    address: str
    is_chosen: bool


@require_safe
@vary_on_headers("HX-Request")
def show_search(request: HttpRequest) -> HttpResponse:
    """One page of what matches. An in-place search gets the part below the field alone."""
    reading = Reading(request, is_lenient=True)
    query = replace(reading.read_search(), has_open_facets=True)
    looked_for = reading.read_choice("facet", FACETS), reading.read_text("begins")
    # Who types asks at every pause, most often for half a word; `note_search` says what was meant.
    is_typed = request.headers.get("HX-Trigger") == "search-form"
    found = service.find(query, is_recorded=not is_typed)
    address = SearchAddress(query)
    context: dict[str, Any] = {
        "query": query,
        "left_out": reading.left_out,
        "found": found,
        "facets": build_facets(query, found, address, looked_for),
        "chips": build_chips(query, address),
        "orders": build_orders(query, address),
        "paging": build_paging(address.query, number=found.page.number, pages=found.page.pages),
        "kept": address.without("q"),
        "without_filters": SearchAddress(SearchQuery(text=query.text, sort=query.sort)),
        "corrected": address.change(q=found.did_you_mean) if found.did_you_mean else "",
        "first_page": address.change(),
        "first_rank": query.offset + 1,
        "is_plain": _is_plain(query, found),
        "canonical": str(address),
        "is_in_place": request.headers.get("HX-Request") == "true",
    }
    template = "partials/results.html" if context["is_in_place"] else "pages/search.html"
    return render(request, template, context)


def _is_plain(query: SearchQuery, found: Found) -> bool:
    """Whether crawlers may keep the page: everything, or words that find something.

    Each is a page of its own, with its own address as the canonical one. Filters go together in
    thousands of ways, and words that find nothing make no page: those say `noindex`.
    """
    words = SearchAddress(SearchQuery(text=query.text))
    is_first = query.page == 1 and found.page.total > 0
    return is_first and str(SearchAddress(query)) == str(words)


def build_orders(query: SearchQuery, address: SearchAddress) -> list[Order]:
    """The orders; without words there is no relevance, and the most downloaded come first."""
    has_words = bool(query.text.strip())
    default = "relevance" if has_words else "downloads"
    chosen = default if query.sort == "relevance" else query.sort
    return [
        Order(name, text, address.change(sort="" if name == default else name), name == chosen)
        for name, text in words.SORTS.items()
        if has_words or name != "relevance"
    ]


@csrf_exempt  # it adds to counts that name nobody; the reader need not be known
@require_POST
def note_search(request: HttpRequest) -> HttpResponse:
    """Note that the words of this address were meant, or which place of its results was chosen.

    Scripts tell it (SRCH-4): `rank` is the place. Up to 5 queries without it, none with it. Counts
    as a read of the API does. Raises `RateLimitedError`.
    """
    spend("read", get_address(request))
    query = Reading(request, is_lenient=True).read_search()
    rank = read_number(Request(request), "rank", 0, MAX_PAGE * MAX_LIMIT)
    # Other sites' pages may send this too; browsers say so.
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return HttpResponse(status=204)
    if rank:
        recording.record_click(query, rank)
    else:
        service.find(replace(query, facets=()))
    return HttpResponse(status=204)
