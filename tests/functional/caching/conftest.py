"""A catalog for the tests of this folder, and a registry behind the gateway."""

from __future__ import annotations

from typing import Any

import pytest

from marketplace.search import indexer
from tests.functional.caching.world import World, build_world
from tests.support.publishing import Publisher


@pytest.fixture(scope="module")
def world(module_publisher: Publisher) -> World:
    """The catalog, published once for each module. Changes of a test are rolled back."""
    return build_world(module_publisher)


@pytest.fixture
def _behind_gateway(world: World, db: None, _module_packages: None, settings: Any) -> None:
    settings.BEHIND_GATEWAY = True
    # Each test has an index of its own.
    indexer.index_changes()
