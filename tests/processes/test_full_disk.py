"""A registry whose disk is full: it serves readers, refuses writes by name, and loses nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.processes.harness import Registry, prepare_folder, wait_until
from tests.support.small_disk import SmallDisk, mount_small_disk

pytestmark = pytest.mark.processes

READS = [
    "/",
    "/search?q=chat",
    "/plugins/@acme/chat",
    "/plugins/@acme/chat/versions",
    "/plugins/@acme/chat/files",
    "/login",
    "/api/v1/plugins",
    "/api/v1/me",
    "/api/v1/plugins/@acme/chat",
    "/api/v1/plugins/@acme/chat/{version}/download",
]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with mount_small_disk(tmp_path / "disk", mb=64) as mounted:
        yield mounted


@pytest.fixture
def registry(disk: SmallDisk, empty_database: bytes) -> Iterator[Registry]:
    prepare_folder(disk.path / "data", empty_database)
    registry = Registry(disk.path / "data")
    try:
        registry.start()
        yield registry
    finally:
        registry.close()


def send(registry: Registry, package: bytes) -> httpx.Response:
    """Publish on a new connection: after an early refusal the server closes it."""
    return httpx.post(
        f"{registry.url}/api/v1/plugins",
        headers=dict(registry.http.headers),
        files={"package": ("p.tgz", package, "application/gzip")},
        timeout=30,
    )


def test_a_full_disk(registry: Registry, disk: SmallDisk) -> None:
    version, package = registry.build_version()
    registry.wait_until_published(registry.publish(package))
    registry.wait_until_clean()
    _, waiting = registry.build_version()
    disk.fill()

    for path in READS:
        assert registry.http.get(path.format(version=version)).status_code == 200, path
    # The gateway asks every five seconds.
    wait_until(
        lambda: registry.http.get("/readyz").json()["parts"].get("storage") == "full", "the state"
    )
    for _ in range(3):
        ready = registry.http.get("/readyz")
        assert (ready.status_code, ready.json()["missing"]) == (200, [])
        assert ready.json()["publishing"] == "unavailable"
        unready = registry.http.get("/readyz?for=publishing")
        assert unready.status_code == 503
        assert int(unready.headers["Retry-After"]) > 0
    # The first fits into one chunk, so the disk is full when its file is closed.
    for content in (waiting, os.urandom(5_000_000)):
        response = send(registry, content)
        problem = response.json()
        assert (response.status_code, problem["code"]) == (507, "storage-full"), problem
        assert "is full" in problem["detail"]
        assert "freed space" in problem["hint"]
        assert int(response.headers["Retry-After"]) == problem["retryAfterSeconds"] > 0
    yank = registry.http.post(f"/api/v1/plugins/@acme/chat/{version}/yank", json={})
    assert (yank.status_code, yank.json()["code"]) in [
        (507, "storage-full"),
        (503, "database-unavailable"),
    ], yank.text
    left = {"parts": registry.list_objects(".parts"), "scratch": list(registry.list_scratch())}
    assert left == {"parts": set(), "scratch": []}
    empty = [p for p in (registry.folder / "queue").iterdir() if not p.stat().st_size]
    assert empty == []

    disk.free()
    registry.wait_until_published(registry.publish(waiting))
    registry.wait_until_clean()
    wait_until(
        lambda: registry.http.get("/readyz?for=publishing").status_code == 200, "the new state"
    )
    assert "api_failed" not in registry.load_log()


def test_a_disk_that_fills_up_under_publishes(registry: Registry, disk: SmallDisk) -> None:
    """Every acknowledged release is published when there is space again, and nothing is held."""
    acknowledged: list[str] = []
    refusals = set()
    for number in range(12):
        if number == 4:
            disk.fill()
        response = send(registry, registry.build_version()[1])
        if response.status_code in (200, 201, 202):
            acknowledged.append(response.json()["statusUrl"])
        else:
            refusals.add((response.status_code, response.json()["code"]))
    assert refusals <= {(507, "storage-full"), (503, "database-unavailable")}
    assert refusals
    disk.free()
    for url in acknowledged:
        registry.wait_until_published(url)
    registry.wait_until_clean()
