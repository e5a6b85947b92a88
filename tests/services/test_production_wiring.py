"""Two machines on PostgreSQL, Redis and S3, and outages of each service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle
from typing import Any

import httpx
import pytest

from tests.processes.harness import wait_until
from tests.services.wiring import Services, WiredRegistry, open_machine
from tests.support.server import RECORDED

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.s3,
    pytest.mark.processes,
]

REFUSALS = 5


@pytest.fixture(scope="module")
def machines(
    services: Services, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[WiredRegistry, WiredRegistry]]:
    folder = tmp_path_factory.mktemp("machines")
    variables = {"PLUGPORT_ENV": "local", "PLUGPORT_LIMIT_DENIED": f"{REFUSALS}/minute"}
    with (
        open_machine(folder / "one", services, **variables) as one,
        open_machine(folder / "two", services, **variables) as two,
    ):
        yield one, two


@pytest.fixture
def one(machines: tuple[WiredRegistry, WiredRegistry]) -> WiredRegistry:
    return machines[0]


@pytest.fixture
def two(machines: tuple[WiredRegistry, WiredRegistry]) -> WiredRegistry:
    return machines[1]


def fetch(machine: WiredRegistry, path: str, **headers: str) -> httpx.Response:
    """Read like a client: again after 503, such as of a busy machine that does not connect in time."""
    responses: list[httpx.Response] = []

    def is_answered() -> bool:
        responses.append(machine.http.get(path, headers=headers))
        return responses[-1].status_code != 503

    wait_until(is_answered, f"a response to {path}")
    return responses[-1]


def publish_and_check(one: WiredRegistry, two: WiredRegistry) -> str:
    """Publish on one machine, read on the other; returns the path of the release."""
    version, package = one.build_version()
    one.wait_until_published(one.publish(package))
    address = f"/api/v1/plugins/@acme/chat/{version}"
    response = fetch(two, f"{address}/download")
    assert (response.status_code, response.content) == (200, package)
    part = fetch(two, f"{address}/download", Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, package[10:20])
    return address


def sign_in(machine: WiredRegistry) -> httpx.Response:
    """Try to sign in with a wrong password, as a browser does."""
    form = machine.http.get("/login").text
    csrf_token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert csrf_token
    data = {"login": "acme", "password": "wrong", "csrfmiddlewaretoken": csrf_token[1]}
    return machine.http.post("/login", data=data)


def is_ready(machine: WiredRegistry) -> dict[str, Any] | None:
    response = machine.http.get("/readyz")
    return response.json() if response.status_code == 200 else None


def test_one_machine_serves_what_the_other_published(
    one: WiredRegistry, two: WiredRegistry
) -> None:
    for machine in (one, two):
        parts = wait_until(partial(is_ready, machine), "readiness")["parts"]
        assert parts == {"database": "ok", "storage": "ok", "queue": "ok"}
    publish_and_check(one, two)
    one.wait_until_clean()
    for machine in (one, two):
        assert not (machine.folder / "plugport.sqlite3").exists()
        assert not (machine.folder / "packages").exists()
        assert not (machine.folder / "queue").exists()


def test_limits_count_the_calls_of_all_machines(one: WiredRegistry, two: WiredRegistry) -> None:
    wrong = {"Authorization": "Bearer pp_wrong"}
    machines = cycle((one, two))
    statuses = [next(machines).http.get("/api/v1/me", headers=wrong).status_code for _ in range(12)]
    assert statuses == [401] * REFUSALS + [429] * (12 - REFUSALS)


def test_without_redis_a_publish_is_acknowledged_and_done_later(
    one: WiredRegistry, two: WiredRegistry, services: Services
) -> None:
    address = publish_and_check(one, two)
    services.redis.cut()
    try:
        wait_until(lambda: one.http.get("/readyz").json()["missing"] == ["queue"], "the loss")
        response = one.send(one.build_version()[1])
        assert response.status_code in RECORDED
        assert two.http.get(address).status_code == 200
        assert two.http.get("/plugins/@acme/chat").status_code == 200
        page = sign_in(one)
        assert (page.status_code, "cache-unavailable" in page.text) == (503, True)
    finally:
        services.redis.restore()
    one.wait_until_published(response.json()["statusUrl"])
    publish_and_check(two, one)
    one.wait_until_clean()


def test_without_storage_a_publish_is_refused_and_leaves_nothing(
    one: WiredRegistry, two: WiredRegistry, services: Services
) -> None:
    address = publish_and_check(one, two)
    version, package = one.build_version()
    services.storage.cut()
    try:
        response = one.send(package)
        assert (response.status_code, response.json()["code"]) == (503, "storage-unavailable")
        assert one.http.get(f"/api/v1/plugins/@acme/chat/{version}").status_code == 404
        download = two.http.get(f"{address}/download")
        assert (download.status_code, download.json()["code"]) == (503, "storage-unavailable")
        assert two.http.get(address).status_code == 200
    finally:
        services.storage.restore()
    one.wait_until_clean()
    one.wait_until_published(one.publish(package))


def test_a_storage_outage_during_the_checks_only_delays_a_release(
    one: WiredRegistry, services: Services
) -> None:
    status_url = one.send(one.build_version()[1]).json()["statusUrl"]
    services.storage.cut()
    try:
        state = one.get_state(status_url)
    finally:
        services.storage.restore()
    assert state in ("checking", "published")
    one.wait_until_published(status_url)
    one.wait_until_clean()


def test_dropped_database_connections_are_replaced_before_use(
    one: WiredRegistry, two: WiredRegistry, services: Services
) -> None:
    address = publish_and_check(one, two)
    for _ in range(3):
        # Simultaneous requests, so that the pool has several connections that are dropped.
        with ThreadPoolExecutor(8) as threads:
            statuses = list(threads.map(lambda _: one.http.get(address).status_code, range(32)))
        assert set(statuses) == {200}
        services.database.drop()
        assert one.http.get(address).status_code == 200
        assert two.http.get(address).status_code == 200
    publish_and_check(one, two)


def test_the_registry_recovers_from_a_database_outage(
    one: WiredRegistry, two: WiredRegistry, services: Services
) -> None:
    status_urls = [one.send(one.build_version()[1]).json()["statusUrl"] for _ in range(3)]
    services.database.cut()
    try:
        wait_until(lambda: one.http.get("/readyz").json()["missing"] == ["database"], "the loss")
        assert one.http.get("/readyz").status_code == 503
        assert one.http.get("/healthz").status_code == 200
        call = two.http.get("/api/v1/plugins/@acme/chat")
        assert (call.status_code, call.json()["code"]) == (503, "database-unavailable")
        page = two.http.get("/plugins/@acme/chat")
        assert (page.status_code, "database-unavailable" in page.text) == (503, True)
        assert int(page.headers["Retry-After"]) > 0
    finally:
        services.database.restore()
    for status_url in status_urls:
        one.wait_until_published(status_url)
    publish_and_check(two, one)
    one.wait_until_clean()
