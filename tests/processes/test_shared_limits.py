"""Rate limits without Redis hold for all web processes together."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.processes.harness import Registry, prepare_folder

pytestmark = pytest.mark.processes

LIMIT = 12


def test_web_processes_share_a_limit(tmp_path: Path, empty_database: bytes) -> None:
    folder = tmp_path / "registry"
    prepare_folder(folder, empty_database)
    registry = Registry(folder, PLUGPORT_LIMIT_READ=f"{LIMIT}/hour")
    try:
        registry.start(workers=2)
        # No parameter of this path, so the gateway does not answer from memory, which costs no call.
        address = f"{registry.url}/api/v1/tags?uncached=1"
        responses = [httpx.get(address) for _ in range(3 * LIMIT)]
        registry.kill_everything()
        registry.start(workers=2)
        after = httpx.get(address)
    finally:
        registry.close()
    assert [r.status_code for r in responses] == [200] * LIMIT + [429] * 2 * LIMIT
    remaining = [int(r.headers["RateLimit-Remaining"]) for r in responses[:LIMIT]]
    assert remaining == list(range(LIMIT - 1, -1, -1))
    assert after.status_code == 429, "a restart gives no new calls"
