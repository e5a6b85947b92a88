"""What an engine can do. The contract test `tests/contract/search_engine.py` says it in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from marketplace.search.document import SearchDocument
from marketplace.search.query import SearchPage, SearchQuery


class SearchEngine(Protocol):
    """An index of documents. Every method raises `SearchUnavailableError` or a subclass of it.

    One process at a time writes (`marketplace.search.cursor` sees to it); any number read.
    """

    name: str

    def search(self, query: SearchQuery) -> SearchPage:
        """The ids that match, best first, with the total and the facet counts."""

    def suggest(self, prefix: str, limit: int, hidden: frozenset[int]) -> list[int]:
        """Ids of plugins whose name or title begins so, or has a word that does; best first.

        Where there is none, those that do with typing errors forgiven.
        """

    def facet_search(self, facet: str, text: str, query: SearchQuery) -> list[tuple[str, int]]:
        """Values of a facet that begin with the text, with their counts, most frequent first."""

    def index(self, documents: Sequence[SearchDocument]) -> None:
        """Put documents in, in place of those with the same id. When it returns they are found."""

    def remove(self, ids: Iterable[int]) -> None:
        """Take documents out; ids that are not there do not matter."""

    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        """Replace everything at one moment, searched meanwhile; returns how many there are."""

    def setup(self) -> None:
        """Make the index if it is not there, and bring its settings up to date."""

    def ping(self) -> None:
        """Return if the index is there, whole and answers."""

    def count(self) -> int:
        """How many documents there are."""

    def read_stamps(self) -> Iterator[tuple[int, int]]:
        """Id and `updated` of every document, to compare with the database."""
