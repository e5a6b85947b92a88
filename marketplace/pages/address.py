"""Addresses of searches: the whole state of a search, in a fixed order, without what is default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlencode

from django.http import QueryDict
from django.urls import reverse

from marketplace.search.query import FILTERS, SearchQuery
from registry.headings import keep_headings

_DEFAULT_LIMIT = 20
_FLAGS = {True: "true", False: "false"}


_ROOTS = {"category": "/categories/", "tag": "/tags/"}


def make_heading_path(sort: str, slug: str) -> str:
    """Where a category or tag is; `sort` is which of the two."""
    return _ROOTS[sort] + quote(slug, safe="/")


def make_heading_links(sort: str, labels: Iterable[str]) -> list[tuple[str, str]]:
    """The labels that are headings, with their paths."""
    return [(label, make_heading_path(sort, label)) for label in keep_headings(labels)]


class SearchAddress:
    """Where a search is, and searches that differ from it in one thing."""

    def __init__(self, query: SearchQuery, path: str = "") -> None:
        self._path = path or reverse("search")
        self._pairs = dict(_list_pairs(query))

    def __str__(self) -> str:
        return self.change()

    def change(self, **changes: str) -> str:
        """The same search with other values; an empty one takes its parameter out.

        It begins on its first page, unless a page is asked for.
        """
        pairs = {**self._pairs, "page": "", **changes}
        kept = urlencode([(name, value) for name, value in pairs.items() if value])
        return f"{self._path}?{kept}" if kept else self._path

    def without(self, *names: str) -> dict[str, str]:
        """The parameters but for those named and the page, for the hidden fields of a form."""
        return {k: v for k, v in self._pairs.items() if k not in {*names, "page"}}

    def fill(self, name: str, values: Iterator[str] | list[str]) -> list[str]:
        """The addresses with each of these values of a parameter; made at once, which is quick."""
        base = self.change(**{name: ""})
        join = "&" if "?" in base else "?"
        return [f"{base}{join}{name}={quote(value, safe='')}" for value in values]

    @property
    def query(self) -> QueryDict:
        """The parameters, for links to other pages."""
        return QueryDict(urlencode(self._pairs))


def _list_pairs(query: SearchQuery) -> Iterator[tuple[str, str]]:
    values = {
        "q": query.text,
        **{name: query.filters.get(name, "") for name in FILTERS},
        "verified": _FLAGS[query.is_verified] if query.is_verified is not None else "",
        "sort": query.sort if query.sort != "relevance" else "",
        "limit": str(query.limit) if query.limit != _DEFAULT_LIMIT else "",
        "page": str(query.page) if query.page > 1 else "",
    }
    return ((name, value) for name, value in values.items() if value)
