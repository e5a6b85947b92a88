"""Processes die between the steps of publishing, on PostgreSQL, Redis and S3."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from registry.publishing.faults import Point
from tests.processes.harness import wait_until
from tests.services.wiring import Services, WiredRegistry, open_machine

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.s3,
    pytest.mark.processes,
]

# Where objects and rows could come apart; the other points are those of tests/processes.
POINTS = (Point.CHECKING, Point.PROMOTED, Point.PUBLISHED)


@pytest.fixture(scope="module")
def machine(
    services: Services, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WiredRegistry]:
    with open_machine(tmp_path_factory.mktemp("machine") / "data", services) as opened:
        yield opened


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_of_the_worker_delays_a_release_and_no_more(
    machine: WiredRegistry, point: Point
) -> None:
    version, package = machine.make_version()
    machine.arm(point)
    status_url = machine.publish(package)
    wait_until(lambda: machine.has_crashed(point), f"a crash at {point}")
    machine.wait_until_published(status_url)
    answer = machine.http.get(f"/api/v1/plugins/@acme/chat/{version}/download")
    assert answer.content == package
    machine.wait_until_clean()


def test_an_upload_that_was_not_recorded_leaves_no_object(machine: WiredRegistry) -> None:
    version, package = machine.make_version()
    machine.arm(Point.QUARANTINED)
    with pytest.raises(httpx.TransportError):
        machine.send(package)
    wait_until(machine.is_answering, "a new web process")
    machine.wait_until_clean()
    assert machine.http.get(f"/api/v1/plugins/@acme/chat/{version}").status_code == 404
    machine.wait_until_published(machine.publish(package))


def test_the_worker_with_all_its_processes_is_killed_again_and_again(
    machine: WiredRegistry,
) -> None:
    """What Redis had handed out is lost to it for minutes: the list in the database is not."""
    status_urls = []
    for _ in range(2):
        status_urls += [machine.send(machine.make_version()[1]).json()["statusUrl"]]
        machine.kill("celery")
        wait_until(lambda: machine.find_processes("celery"), "a new worker")
    for status_url in status_urls:
        machine.wait_until_published(status_url)
    machine.wait_until_clean()
