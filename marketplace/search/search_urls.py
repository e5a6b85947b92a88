"""Paths of searches, categories and tags.

A search keeps its whole state in its URL: parameters in a fixed order, defaults left out, so that
one search has one address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlencode

from django.http import QueryDict
from django.urls import reverse

from marketplace.search.query import FILTERS, SearchQuery
from registry.taxonomy import filter_taxonomy_slugs

_DEFAULT_LIMIT = 20
_BOOLEANS = {True: "true", False: "false"}
_PATH_PREFIXES = {"category": "/categories/", "tag": "/tags/"}


def build_taxonomy_path(taxonomy_type: str, slug: str) -> str:
    """Return the path of a term; `taxonomy_type` is `category` or `tag`."""
    return _PATH_PREFIXES[taxonomy_type] + quote(slug, safe="/")


def build_taxonomy_links(taxonomy_type: str, labels: Iterable[str]) -> list[tuple[str, str]]:
    """Return the labels that have a page, with their paths."""
    return [
        (slug, build_taxonomy_path(taxonomy_type, slug)) for slug in filter_taxonomy_slugs(labels)
    ]


class SearchUrl:
    """The URL of a search, and of searches that differ from it in one parameter."""

    def __init__(self, query: SearchQuery, path: str = "") -> None:
        self._path = path or reverse("search")
        self._pairs = dict(_iter_parameters(query))

    def __str__(self) -> str:
        return self.change()

    def change(self, **changes: str) -> str:
        """Return the URL with other values; an empty value removes its parameter.

        The result is on page 1 unless `changes` contains `page`.
        """
        pairs = {**self._pairs, "page": "", **changes}
        query_string = urlencode([(name, value) for name, value in pairs.items() if value])
        return f"{self._path}?{query_string}" if query_string else self._path

    def without(self, *names: str) -> dict[str, str]:
        """Return the parameters except `names` and the page, for the hidden fields of a form."""
        return {k: v for k, v in self._pairs.items() if k not in {*names, "page"}}

    def fill(self, name: str, values: Iterator[str] | list[str]) -> list[str]:
        """Return one URL per value of a parameter.

        A page has about a hundred of them: encoding the common part once is several times faster.
        """
        base = self.change(**{name: ""})
        join = "&" if "?" in base else "?"
        return [f"{base}{join}{name}={quote(value, safe='')}" for value in values]

    @property
    def query(self) -> QueryDict:
        """The parameters, as pagination links need them."""
        return QueryDict(urlencode(self._pairs))


def _iter_parameters(query: SearchQuery) -> Iterator[tuple[str, str]]:
    values = {
        "q": query.text,
        **{name: query.filters.get(name, "") for name in FILTERS},
        "verified": _BOOLEANS[query.is_verified] if query.is_verified is not None else "",
        "sort": query.sort if query.sort != "relevance" else "",
        "limit": str(query.limit) if query.limit != _DEFAULT_LIMIT else "",
        "page": str(query.page) if query.page > 1 else "",
    }
    return ((name, value) for name, value in values.items() if value)
