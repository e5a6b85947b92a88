"""The groups of `--dist loadgroup`, and registries that run only while their group does.

An idle registry takes 2 % of a core, until the end of the whole run if nothing stops it before.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

_STOPS = pytest.StashKey[list[Callable[[], object]]]()


def stop_after_groups(session: pytest.Session, stop: Callable[[], object]) -> None:
    """Call `stop` after each group of tests. What it stops is started again where it is used."""
    session.stash.setdefault(_STOPS, []).append(stop)


def end_group(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop what runs for the tests of a group, after the teardown of its last one."""
    if nextitem is None or _get_group(nextitem) != _get_group(item):
        for stop in item.session.stash.get(_STOPS, []):
            stop()


def _get_group(item: pytest.Item) -> str:
    marker = item.get_closest_marker("xdist_group")
    return str(marker.args[0]) if marker else ""
