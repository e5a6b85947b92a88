"""Services that keep their connections and answer nothing.

The client's time-outs are the limits: before, a page waited as long as PostgreSQL hung.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.processes.harness import wait_until
from tests.services.wiring import Services, WiredRegistry, open_machine
from tests.support.proxy import Proxy

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.s3, pytest.mark.processes]

# A probe of a load balancer and a reader, on a machine that is busy with other tests.
PROBE_SECONDS = 4
READER_SECONDS = 5
PUBLISHER_SECONDS = 25
PAGES = ["/", "/plugins/@acme/chat", "/search?q=chat", "/api/v1/plugins/@acme/chat"]


@pytest.fixture(scope="module")
def machine(
    services: Services, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WiredRegistry]:
    folder = tmp_path_factory.mktemp("machine") / "data"
    with open_machine(folder, services, PLUGPORT_ENV="local") as machine:
        yield machine


@pytest.fixture(scope="module")
def published(machine: WiredRegistry) -> str:
    """The path of a release."""
    version, package = machine.build_version()
    machine.wait_until_published(machine.publish(package))
    return f"/api/v1/plugins/@acme/chat/{version}"


@contextlib.contextmanager
def frozen(proxy: Proxy) -> Iterator[None]:
    proxy.freeze()
    try:
        yield
    finally:
        proxy.thaw()


def get(machine: WiredRegistry, path: str, seconds: float = READER_SECONDS) -> httpx.Response:
    return machine.http.get(path, timeout=seconds)


def expect_retry(response: httpx.Response, code: str) -> None:
    assert response.status_code == 503
    assert code in response.text
    assert int(response.headers["Retry-After"]) > 0


def expect_not_ready(machine: WiredRegistry, part: str) -> None:
    # The gateway requests the state every few seconds.
    wait_until(
        lambda: get(machine, "/readyz", PROBE_SECONDS).json()["missing"] == [part], "the loss"
    )
    for _ in range(2):
        response = get(machine, "/readyz", PROBE_SECONDS)
        assert (response.status_code, response.json()["missing"]) == (503, [part])
        assert int(response.headers["Retry-After"]) > 0


def expect_recovery(machine: WiredRegistry) -> None:
    wait_until(lambda: get(machine, "/readyz", 30).status_code == 200, "readiness")
    status_url = machine.publish(machine.build_version()[1])
    machine.wait_until_published(status_url)
    machine.wait_until_clean()


def test_postgresql_hangs(machine: WiredRegistry, services: Services, published: str) -> None:
    with frozen(services.database):
        assert get(machine, "/healthz", PROBE_SECONDS).status_code == 200
        expect_not_ready(machine, "database")
        for path in [*PAGES, published]:
            expect_retry(get(machine, path), "database-unavailable")
            # A visitor, whom the gateway could answer from memory.
            visitor = httpx.get(f"{machine.url}{path}", timeout=READER_SECONDS)
            expect_retry(visitor, "database-unavailable")
        # No part of the database is in this one.
        assert httpx.get(f"{machine.url}/docs/manifest", timeout=PROBE_SECONDS).is_success
        response = machine.send(machine.build_version()[1])
        expect_retry(response, "database-unavailable")
    expect_recovery(machine)


def test_redis_hangs(machine: WiredRegistry, services: Services, published: str) -> None:
    with frozen(services.redis):
        for path in [*PAGES, published, f"{published}/download"]:
            assert get(machine, path, 3).status_code == 200, path
        expect_not_ready(machine, "queue")
        package = machine.build_version()[1]
        response = httpx.post(
            f"{machine.url}/api/v1/plugins",
            headers=dict(machine.http.headers),
            files={"package": ("p.tgz", package, "application/gzip")},
            timeout=READER_SECONDS,
        )
        assert response.status_code in (201, 202), response.text
    machine.wait_until_published(response.json()["statusUrl"])
    expect_recovery(machine)


def test_s3_hangs(machine: WiredRegistry, services: Services, published: str) -> None:
    page = published.removeprefix("/api/v1")
    with frozen(services.storage):
        expect_not_ready(machine, "storage")
        for path in [*PAGES, published]:
            assert get(machine, path).status_code == 200, path
        for _ in range(2):
            expect_retry(get(machine, f"{published}/download"), "storage-unavailable")
        response = machine.http.get(f"{page}/raw/README.md", timeout=READER_SECONDS)
        assert response.status_code in (200, 503)
        package = machine.build_version()[1]
        files = {"package": ("p.tgz", package, "application/gzip")}
        upload = machine.http.post("/api/v1/plugins", files=files, timeout=PUBLISHER_SECONDS)
        expect_retry(upload, "storage-unavailable")
    expect_recovery(machine)
    assert get(machine, f"{published}/download").status_code == 200


def test_a_statement_that_waits_for_a_lock_ends(
    machine: WiredRegistry, services: Services, published: str
) -> None:
    """A rival that holds a lock forever costs a request its limit, not more."""
    with psycopg.connect(services.database_url) as rival:
        rival.execute("SELECT 1 FROM registry_plugin WHERE name = '@acme/chat' FOR UPDATE")
        response = machine.http.post(f"{published}/yank", json={}, timeout=READER_SECONDS * 6)
        expect_retry(response, "database-unavailable")
        rival.rollback()
    assert machine.http.post(f"{published}/yank", json={}).status_code == 200
