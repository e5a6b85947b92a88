"""What all pages with a list of plugins share: sort options, pagination, ignored parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from marketplace import labels
from marketplace.pagination import build_pagination
from marketplace.search.query import SearchQuery
from marketplace.search.search_urls import SearchUrl
from registry.queries.catalog import Page

# What the lists read of the query.
LIST_PARAMETERS = ("sort", "page", "limit")


@dataclass(frozen=True, slots=True)
class SortOption:
    """A link that changes the order of the list."""

    name: str
    text: str
    address: str
    is_chosen: bool


def build_listing_context(
    request: HttpRequest, query: SearchQuery, page: Page, ignored_parameters: Sequence[str]
) -> dict[str, Any]:
    """Return the context of `partials/listing.html`.

    Its links keep the order, page and limit of the query. `ignored_parameters` could not be parsed.
    """
    # A list has no words or filters of its own: unknown parameters must not survive in its links.
    state = SearchQuery(sort=query.sort, page=query.page, limit=query.limit)
    url = SearchUrl(state, request.path)
    return {
        "page": page,
        "ignored_parameters": ignored_parameters,
        "sort_options": build_sort_options(state, url, page),
        "pagination": build_pagination(url.query, number=page.number, pages=page.pages),
        "first_page": url.change(),
    }


def build_sort_options(query: SearchQuery, url: SearchUrl, page: Page) -> list[SortOption]:
    """Return the sort options of a search with its results.

    A search without words has no relevance; its default is the number of downloads. The rating is
    an option where a plugin of the page has one.
    """
    has_ratings = query.sort == "rating" or any(plugin.rating_count for plugin in page.plugins)
    has_words = bool(query.text.strip())
    default = "relevance" if has_words else "downloads"
    chosen = default if query.sort == "relevance" else query.sort
    return [
        SortOption(name, text, url.change(sort="" if name == default else name), name == chosen)
        for name, text in labels.SORTS.items()
        if (has_words or name != "relevance") and (has_ratings or name != "rating")
    ]
