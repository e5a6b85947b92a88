"""Publishing to a registry whose worker starts later."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.publishing import build_package
from tests.support.server import RECORDED, LiveRegistry, wait_until


def check_that_messages_collapse(registry: LiveRegistry, count_messages: Callable[[], int]) -> None:
    """Publish several packages without a worker: one message waits, and one worker checks all."""
    registry.start(has_worker=False)
    token = registry.create_api_tokens("acme")["acme"]
    with registry.client(token) as client:
        addresses = []
        for number in range(5):
            package = build_package(version=f"1.0.{number}")
            files = {"package": ("p.tgz", package, "application/gzip")}
            response = client.post("/api/v1/plugins", files=files)
            assert response.status_code in RECORDED, response.text
            addresses.append(response.json()["statusUrl"])
            # On Redis, a thread sends it after the response.
            wait_until(lambda: count_messages() == 1)
        assert count_messages() == 1
        registry.start_worker()
        for address in addresses:
            wait_until(lambda: client.get(address).json()["state"] == "published")  # noqa: B023
