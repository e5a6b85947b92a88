"""Fixtures of the contracts. Assertions of the shared contracts show the compared values."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from marketplace.search.document import SearchDocument
    from marketplace.search.engines.base import SearchEngine
    from tests.contract.search_engine import GetSharedEngine

pytest.register_assert_rewrite("tests.contract.search_engine", "tests.contract.index_position")

# `tests/support/recorded_forms.py` refuses their recorded answers.
_ABOUT_FORMS = (
    "TestMeilisearchEngine::test_a_plural_finds_every_one",
    "TestMeilisearchEngine::test_joins_splits_plurals_synonyms[discords-@ar/discord-bridge]",
    "TestMeilisearchEngine::test_joins_splits_plurals_synonyms[post gres-postgres-storage]",
    "TestMeilisearchEngine::test_finds_names_titles_texts_scopes[slacken-slacken]",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without `MEILI_URL`, do not run the tests that need a real Meilisearch server.

    They are deselected and not skipped: only multi-searches were recorded, before documents had forms
    of words, so no run without a server can have them, and in CI a skipped test is an error.
    """
    if os.environ.get("MEILI_URL"):
        return
    if deselected := [
        item
        for item in items
        if item.get_closest_marker("meilisearch") or _build_name(item) in _ABOUT_FORMS
    ]:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in deselected]


def _build_name(item: pytest.Item) -> str:
    """Class and name; xdist adds the name of a group to the id."""
    owner = item.parent.name if item.parent else ""
    return f"{owner}::{item.name}"


@pytest.fixture(scope="module")
def get_shared_engine(build_empty_engine: Callable[[], SearchEngine]) -> GetSharedEngine:
    """Get an engine with these documents. The tests of a module share it, so they only read."""
    engines: dict[object, SearchEngine] = {}

    def get(documents: Sequence[SearchDocument], *added: Sequence[SearchDocument]) -> SearchEngine:
        key = tuple(map(tuple, (documents, *added)))
        if key not in engines:
            engine = build_empty_engine()
            engine.rebuild(documents)
            for batch in added:
                engine.index(batch)
            engines[key] = engine
        return engines[key]

    return get
