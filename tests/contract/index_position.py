"""The contract of search engines for the position of the index in the journal."""

from __future__ import annotations

import pytest

from marketplace.search.engines.base import SearchEngine
from marketplace.search.errors import IndexOutdatedError
from marketplace.search.position import START, IndexPosition
from marketplace.search.query import SearchQuery
from tests.contract.search_documents import CATALOG
from tests.contract.search_engine import Fixtures


class PositionContract(Fixtures):
    """The index stores its position, and does not answer when it is older than expected."""

    def test_the_position_is_stored_in_the_index(self, empty_engine: SearchEngine) -> None:
        first, later = IndexPosition(7, 1_700_000_000_000_001), IndexPosition(9, 2**52)
        empty_engine.setup()
        assert empty_engine.get_position() == START
        empty_engine.store_position(first)
        empty_engine.index(CATALOG[:2])
        assert empty_engine.get_position() == first
        empty_engine.rebuild(CATALOG, later)
        empty_engine.remove([1])
        assert empty_engine.get_position() == later
        empty_engine.setup()
        assert empty_engine.get_position() == later
        assert empty_engine.count() == len(CATALOG) - 1

    def test_an_outdated_index_does_not_answer(self, empty_engine: SearchEngine) -> None:
        empty_engine.rebuild(CATALOG, IndexPosition(7, 1))
        assert empty_engine.search(SearchQuery("slack", min_serial=7)).total == 4
        for act in (
            lambda: empty_engine.search(SearchQuery("slack", min_serial=8)),
            lambda: empty_engine.search(SearchQuery("slack bridge", min_serial=8)),
        ):
            with pytest.raises(IndexOutdatedError) as caught:
                act()
            assert caught.value.serial == 7
