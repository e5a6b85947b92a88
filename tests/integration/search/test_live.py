"""Worker and web processes together: published plugins are found, withdrawn ones are not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.publishing import build_package
from tests.support.server import LiveRegistry, wait_until

pytestmark = pytest.mark.processes


def find(client: httpx.Client, text: str) -> tuple[list[str], bool]:
    document = client.get("/api/v1/plugins", params={"q": text}).raise_for_status().json()
    return [plugin["name"] for plugin in document["plugins"]], document["degraded"]


def publish(client: httpx.Client, name: str, **fields: Any) -> None:
    package = {"package": ("x.tgz", build_package(name, **fields), "application/gzip")}
    document = client.post("/api/v1/plugins", params={"wait": 30}, files=package)
    assert document.json().get("state") == "published", document.text


def test_the_worker_keeps_the_index(live_registry: LiveRegistry) -> None:
    token = live_registry.create_api_tokens("finder")["finder"]
    with live_registry.client(token) as client:
        publish(client, "@finder/heliograph", description="Signals with mirrors.")
        wait_until(lambda: find(client, "miror signals") == (["@finder/heliograph"], False))
        suggested = client.get("/api/v1/suggest", params={"q": "helio"}).json()["suggestions"]
        assert [row["name"] for row in suggested] == ["@finder/heliograph"]

        changed = {"description": "Signals with lanterns."}
        client.patch("/api/v1/plugins/@finder/heliograph", json=changed).raise_for_status()
        wait_until(lambda: find(client, "lanternes")[0] == ["@finder/heliograph"])
        assert find(client, "mirrors")[0] == []

        # Rebuilt while the worker runs, then destroyed, then rebuilt by the worker.
        assert "plugins indexed" in live_registry.manage("search", "rebuild")
        for path in (live_registry.data_dir / "search").glob("v*/*.*"):
            path.unlink()
            path.write_bytes(b"")
        names, _ = find(client, "heliograph")
        assert names == ["@finder/heliograph"]
        wait_until(lambda: find(client, "helograph") == (["@finder/heliograph"], False))


def test_the_worker_completes_a_restored_folder(
    live_registry: LiveRegistry, tmp_path: Path
) -> None:
    folder, backup = live_registry.data_dir / "search", tmp_path / "search"
    token = live_registry.create_api_tokens("keeper")["keeper"]
    with live_registry.client(token) as client:
        publish(client, "@keeper/astrolabe")
        wait_until(lambda: find(client, "astrolabe") == (["@keeper/astrolabe"], False))
        shutil.copytree(folder, backup)
        publish(client, "@keeper/sextant")
        wait_until(lambda: find(client, "sextant") == (["@keeper/sextant"], False))
        folder.rename(tmp_path / "newer")
        # Not a rename, because the folders may be on different file systems.
        shutil.copytree(backup, folder)
        wait_until(lambda: find(client, "sextant") == (["@keeper/sextant"], False))
        assert "repaired" in live_registry.manage("search", "status")
