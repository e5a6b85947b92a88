"""Every change of a plugin ends the stored answers with its packages, whatever sends their bytes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from common.gateway_protocol import CACHE_HEADER, FILE_HEADER
from config.backends import build_package_sender_settings
from registry.models import JournalEntry
from tests.functional.caching.world import CHANGES, World
from tests.support.public_state import read_public_state

pytestmark = pytest.mark.usefixtures("_behind_gateway")

PATHS = tuple(
    f"/api/v1/plugins/@acme/chat/{version}/download" for version in ("1.0.0", "2.0.0", "latest")
)
OLD, NEW, LATEST = PATHS
# By the name of the change: the paths on which it shows. Most changes are not of a package.
SHOWN_ON = {
    "a new version": {LATEST},
    "a yank": {LATEST},
    "a quarantine": {NEW, LATEST},
    "a quarantine of an old version": {OLD},
    "a quarantine of all versions": {*PATHS},
    "the end of a quarantine": {OLD},
    "an approval": {LATEST},
    "a revocation": {NEW, LATEST},
}
PLUGIN_MARK = "plugin=%40acme%2Fchat"


@pytest.fixture(params=["", "/protected-packages/"], ids=["gateway", "x-accel"], autouse=True)
def source_header(request: pytest.FixtureRequest, settings: Any) -> str:
    """The header that names the file, for each sender whose answers are stored."""
    settings.PACKAGE_SENDER = build_package_sender_settings(
        x_accel_prefix=request.param, redirects=False, is_behind_gateway=True
    )
    return "X-Accel-Redirect" if request.param else FILE_HEADER


def read_all(client: Client, source_header: str) -> dict[str, tuple[int, str, str]]:
    """By path: status, file and mark."""
    responses = {path: client.get(path) for path in PATHS}
    return {
        path: (
            each.status_code,
            each.headers.get(source_header, ""),
            each.headers.get(CACHE_HEADER, ""),
        )
        for path, each in responses.items()
    }


def test_packages_are_marked(client: Client, source_header: str) -> None:
    read = read_all(client, source_header)
    assert {(status, mark) for status, _, mark in read.values()} == {(200, PLUGIN_MARK)}
    assert all(file for _, file, _ in read.values())


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_ends_the_packages_that_show_it(
    world: World, client: Client, source_header: str, name: str
) -> None:
    change = CHANGES[name]
    if change.prepare is not None:
        change.prepare(world)
    before, state = read_all(client, source_header), read_public_state()
    change.apply(world)
    after, ended_by = read_all(client, source_header), read_public_state()
    changed = {path for path in PATHS if before[path] != after[path]}
    assert changed == SHOWN_ON.get(name, set())
    if changed and state.other_changes == ended_by.other_changes:
        entries = JournalEntry.objects.filter(plugin="@acme/chat", serial__gt=state.serial)
        assert entries.exists()
