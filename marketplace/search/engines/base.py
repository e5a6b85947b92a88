"""The interface of search engines. `tests/contract/search_engine.py` specifies it in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from marketplace.search.document import SearchDocument
from marketplace.search.query import SearchPage, SearchQuery


class SearchEngine(Protocol):
    """An index of documents. Every method may raise `SearchUnavailableError` or a subclass.

    Any number of processes read. One at a time writes; `marketplace.search.cursor` ensures that.
    """

    name: str

    def search(self, query: SearchQuery) -> SearchPage:
        """The ids of matching plugins, best first, with the total and the facet counts."""

    def suggest(self, prefix: str, limit: int, hidden: frozenset[int]) -> list[int]:
        """Ids of plugins whose name or title, or a word of it, starts with the prefix; best first.

        Typing errors are allowed if nothing else matches.
        """

    def facet_search(self, facet: str, text: str, query: SearchQuery) -> list[tuple[str, int]]:
        """Values of a facet that start with the text, with their counts, most frequent first."""

    def index(self, documents: Sequence[SearchDocument]) -> None:
        """Add documents, and replace those with the same id. Searches see them on return."""

    def remove(self, ids: Iterable[int]) -> None:
        """Remove documents; unknown ids are ignored."""

    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        """Replace all documents in one step; returns their number.

        Until then searches use the old index, also if this fails half-way.
        """

    def setup(self) -> None:
        """Create the index if there is none, and update its settings."""

    def ping(self) -> None:
        """Return if the index exists, is intact and responds."""

    def count(self) -> int:
        """The number of documents."""

    def iter_stamps(self) -> Iterator[tuple[int, int]]:
        """Id and `updated` of every document, to compare with the database."""
