"""Which responses with results of a search the gateway may store, and what it records of them."""

from __future__ import annotations

from django.http import HttpResponse

from common.cache_marks import add_record, withhold_mark
from marketplace.search.service import SearchResults


def mark_results(response: HttpResponse, results: SearchResults) -> HttpResponse:
    """Return the response, unmarked unless the index had all public changes.

    The index follows the journal with a delay. Nothing invalidates a response from an older index.
    """
    if not results.is_current:
        withhold_mark(response)
    if results.record:
        add_record(response, results.record)
    return response
