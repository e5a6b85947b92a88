"""The interface of search engines. `tests/contract/search_engine.py` specifies it in full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from marketplace.search.document import SearchDocument
from marketplace.search.position import START, IndexPosition
from marketplace.search.query import SearchPage, SearchQuery

# Bounds the memory and the time of one call.
MAX_STAMPS = 5000


class SearchEngine(Protocol):
    """An index of documents. Every method may raise `SearchUnavailableError` or a subclass.

    Searches raise `IndexOutdatedError` if the index stores an older position than `min_serial`.
    Any number of processes read. One at a time writes; `marketplace.search.cursor` ensures that.
    """

    name: str

    def search(self, query: SearchQuery) -> SearchPage:
        """The ids of matching plugins, best first, with the total and the facet counts."""

    def suggest(
        self, prefix: str, limit: int, hidden: frozenset[int], min_serial: int = 0
    ) -> list[int]:
        """Ids of plugins whose name or title, or a word of it, starts with the prefix; best first.

        Typing errors are allowed if nothing else matches.
        """

    def facet_search(self, facet: str, text: str, query: SearchQuery) -> list[tuple[str, int]]:
        """Values of a facet that start with the text, with their counts, most frequent first."""

    def index(self, documents: Sequence[SearchDocument]) -> None:
        """Add documents, and replace those with the same id. Searches see them on return."""

    def remove(self, ids: Iterable[int]) -> None:
        """Remove documents; unknown ids are ignored."""

    def rebuild(self, documents: Iterable[SearchDocument], position: IndexPosition = START) -> int:
        """Replace all documents and the position in one step; returns the number of documents.

        Until then searches use the old index, also if this fails half-way.
        """

    def setup(self) -> None:
        """Create the index if there is none, and update its settings."""

    def ping(self) -> None:
        """Return if the index exists, is intact and responds."""

    def count(self) -> int:
        """The number of documents."""

    def list_stamps(self, first: int, last: int | None) -> dict[int, int]:
        """Id → `updated` of the documents with these ids, at most `MAX_STAMPS`, in any order.

        Without `last`, of those from `first` on.
        """

    def get_position(self) -> IndexPosition | None:
        """The position that is stored in the index; None if there is none."""

    def store_position(self, position: IndexPosition) -> None:
        """Store the position in the index. Called after the documents up to it were written."""
