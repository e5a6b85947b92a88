"""Every change ends the stored responses that show it, on every route that is marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

import pytest
from django.test import Client

from common.gateway_protocol import CACHE_ALL, CACHE_HEADER, CACHE_PLUGIN_PREFIX
from marketplace.search import indexer
from registry.change_counter import PublicState
from registry.models import JournalEntry
from tests.functional.caching.routes import (
    EXAMPLES,
    FIXED,
    PATHS,
    iter_marked_patterns,
    remove_ages,
)
from tests.functional.caching.world import CHANGES, World
from tests.support.public_state import read_public_state

pytestmark = pytest.mark.usefixtures("_behind_gateway")


@dataclass(frozen=True)
class Stored:
    """What the gateway keeps of a response."""

    status: int
    body: bytes
    dependency: str

    def is_invalidated(self, before: PublicState, after: PublicState) -> bool:
        """Whether the gateway drops it for the changes between the two states."""
        if before.other_changes != after.other_changes:
            return True
        if self.dependency == CACHE_ALL:
            return before.serial != after.serial
        assert self.dependency.startswith(CACHE_PLUGIN_PREFIX)
        name = unquote(self.dependency.removeprefix(CACHE_PLUGIN_PREFIX))
        return JournalEntry.objects.filter(plugin=name, serial__gt=before.serial).exists()


# The alias of the API has the same views.
SHOWING = [p for p in PATHS if p not in FIXED and (p.startswith("/api/v1/") or "/api/" not in p)]


def read_all(client: Client, paths: Iterable[str] = SHOWING) -> dict[str, Stored]:
    responses = {path: client.get(path) for path in paths}
    return {
        path: Stored(
            each.status_code, remove_ages(each.getvalue()), each.headers.get(CACHE_HEADER, "")
        )
        for path, each in responses.items()
    }


def test_every_marked_route_has_examples() -> None:
    assert sorted(iter_marked_patterns()) == sorted(EXAMPLES)


def test_every_example_shows_a_change() -> None:
    shown = {path for change in CHANGES.values() for path in change.shown_on}
    assert set(SHOWING) - shown == set()


def test_every_example_is_marked(client: Client) -> None:
    stored = read_all(client, PATHS)
    assert [path for path in PATHS if not stored[path].dependency] == []


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_ends_what_shows_it(world: World, client: Client, name: str) -> None:
    change = CHANGES[name]
    if change.prepare is not None:
        change.prepare(world)
        indexer.index_changes()
    before, state = read_all(client), read_public_state()
    change.apply(world)
    ended_by = read_public_state()
    indexer.index_changes()
    after = read_all(client)
    changed = {
        path
        for path, stored in before.items()
        if stored.dependency
        and (stored.status, stored.body) != (after[path].status, after[path].body)
    }
    assert change.shown_on - changed == set()
    assert {path for path in changed if not before[path].is_invalidated(state, ended_by)} == set()


def test_other_plugins_stay_stored(world: World, client: Client) -> None:
    path = "/api/v1/plugins/@acme/base"
    before, state = read_all(client, [path])[path], read_public_state()
    CHANGES["a new version"].apply(world)
    assert not before.is_invalidated(state, read_public_state())
