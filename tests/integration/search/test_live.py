"""Worker and web processes together: what is published is found, what is withdrawn is not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.publishing import make_package
from tests.support.server import LiveRegistry, wait_until

pytestmark = pytest.mark.processes


def find(client: httpx.Client, text: str) -> tuple[list[str], bool]:
    answer = client.get("/api/v1/plugins", params={"q": text}).raise_for_status().json()
    return [plugin["name"] for plugin in answer["plugins"]], answer["degraded"]


def publish(client: httpx.Client, name: str, **fields: Any) -> None:
    package = {"package": ("x.tgz", make_package(name, **fields), "application/gzip")}
    answer = client.post("/api/v1/plugins", params={"wait": 30}, files=package)
    assert answer.json().get("state") == "published", answer.text


def test_the_worker_keeps_the_index(live_registry: LiveRegistry) -> None:
    token = live_registry.make_tokens("finder")["finder"]
    with live_registry.client(token) as client:
        publish(client, "@finder/heliograph", description="Signals with mirrors.")
        wait_until(lambda: find(client, "miror signals") == (["@finder/heliograph"], False))
        suggested = client.get("/api/v1/suggest", params={"q": "helio"}).json()["suggestions"]
        assert [row["name"] for row in suggested] == ["@finder/heliograph"]

        changed = {"description": "Signals with lanterns."}
        client.patch("/api/v1/plugins/@finder/heliograph", json=changed).raise_for_status()
        wait_until(lambda: find(client, "lanternes")[0] == ["@finder/heliograph"])
        assert find(client, "mirrors")[0] == []

        # The index is made anew beside the running worker, and lost, and there again.
        assert "plugins indexed" in live_registry.manage("search", "rebuild")
        for path in (live_registry.data_dir / "search").glob("v*/*.*"):
            path.unlink()
            path.write_bytes(b"")
        names, _ = find(client, "heliograph")
        assert names == ["@finder/heliograph"]
        wait_until(lambda: find(client, "helograph") == (["@finder/heliograph"], False))
