"""Crashes between the steps of publishing, on PostgreSQL, Redis and S3."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from registry.publishing.failpoints import FailPoint
from tests.processes.harness import wait_until
from tests.services.wiring import Services, WiredRegistry, open_machine

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.s3,
    pytest.mark.processes,
]

# Where objects and rows could become inconsistent; tests/processes has the other points.
POINTS = (FailPoint.CHECKING, FailPoint.PROMOTED, FailPoint.PUBLISHED)


@pytest.fixture(scope="module")
def machine(
    services: Services, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WiredRegistry]:
    with open_machine(tmp_path_factory.mktemp("machine") / "data", services) as opened:
        yield opened


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_of_the_worker_only_delays_a_release(
    machine: WiredRegistry, point: FailPoint
) -> None:
    version, package = machine.build_version()
    machine.arm(point)
    status_url = machine.publish(package)
    wait_until(lambda: machine.has_crashed(point), f"a crash at {point}")
    machine.wait_until_published(status_url)
    response = machine.http.get(f"/api/v1/plugins/@acme/chat/{version}/download")
    assert response.content == package
    machine.wait_until_clean()


def test_an_upload_that_was_not_recorded_leaves_no_object(machine: WiredRegistry) -> None:
    version, package = machine.build_version()
    machine.arm(FailPoint.QUARANTINED)
    assert machine.send(package).status_code == 503
    wait_until(machine.is_answering, "a new web process")
    machine.wait_until_clean()
    assert machine.http.get(f"/api/v1/plugins/@acme/chat/{version}").status_code == 404
    machine.wait_until_published(machine.publish(package))


def test_repeated_kills_of_the_worker_lose_no_release(
    machine: WiredRegistry,
) -> None:
    """Redis redelivers lost messages only after minutes; the job list in the database does not wait."""
    status_urls = []
    for _ in range(2):
        status_urls += [machine.send(machine.build_version()[1]).json()["statusUrl"]]
        machine.kill("celery")
        wait_until(lambda: machine.find_processes("celery"), "a new worker")
    for status_url in status_urls:
        machine.wait_until_published(status_url)
    machine.wait_until_clean()
