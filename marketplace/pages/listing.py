"""What pages with a list of plugins share: its order, its pages, and what to say of an empty one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from marketplace.pages.address import SearchAddress
from marketplace.pages.search import build_orders
from marketplace.paging import build_paging
from marketplace.search.query import SearchQuery
from registry.queries import Page


def build_listing(
    request: HttpRequest, query: SearchQuery, page: Page, left_out: Sequence[str]
) -> dict[str, Any]:
    """The context of `partials/listing.html`. Of the query only order, page and limit count.

    `left_out` are the parameters that could not be read.
    """
    place = SearchQuery(sort=query.sort, page=query.page, limit=query.limit)
    address = SearchAddress(place, request.path)
    return {
        "page": page,
        "left_out": left_out,
        "orders": build_orders(place, address),
        "paging": build_paging(address.query, number=page.number, pages=page.pages),
        "first_page": address.change(),
    }
