"""Downloads of one client through all web processes of a real server count once."""

from __future__ import annotations

import signal

import httpx
import pytest

from tests.processes.harness import Registry, wait_until
from tests.support.publishing import build_package

pytestmark = [pytest.mark.processes]


def test_ranges_and_repetitions_of_one_client_count_once(registry: Registry) -> None:
    package = build_package("@acme/counted")
    registry.wait_until_published(registry.publish(package))
    address = f"{registry.url}/api/v1/plugins/@acme/counted/1.0.0/download"
    middle = len(package) // 2

    def fetch(range_: str = "") -> bytes:
        # A new connection for each request, which any web process may accept.
        headers = {"Range": f"bytes={range_}"} if range_ else {}
        response = httpx.get(address, headers=headers, timeout=30)
        assert response.status_code in (200, 206)
        return response.content

    def list_receipts() -> list[tuple[int, int]]:
        return registry.query(
            "SELECT receipt.is_complete, (SELECT downloads FROM registry_plugin"
            " WHERE name = '@acme/counted') FROM registry_downloadreceipt receipt"
            " JOIN registry_release ON registry_release.id = receipt.release_id"
            " JOIN registry_plugin ON registry_plugin.id = registry_release.plugin_id"
            " WHERE registry_plugin.name = '@acme/counted'"
        )

    for _ in range(60):
        assert len(fetch("0-0")) == 1
    wait_until(list_receipts, "the receipt of the first byte")
    assert list_receipts() == [(0, 0)]
    assert fetch(f"0-{middle}") + fetch(f"{middle + 1}-") == package
    assert all(fetch() == package for _ in range(5))
    wait_until(lambda: list_receipts() == [(1, 1)], "one download")
    fetch()
    # When it stops, the server writes what is still pending.
    assert registry.signal_main(signal.SIGTERM) == 0
    assert list_receipts() == [(1, 1)]
