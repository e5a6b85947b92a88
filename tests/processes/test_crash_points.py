"""A process is killed with SIGKILL between any two steps of publishing (REL-5, REL-6)."""

from __future__ import annotations

import pytest

from registry.publishing.failpoints import FailPoint
from tests.processes.harness import Registry, wait_until

pytestmark = pytest.mark.processes

# Before the commit of the release, the registry has not acknowledged the upload.
UNRECORDED = (FailPoint.RECEIVED, FailPoint.QUARANTINED)
IN_WEB = (*UNRECORDED, FailPoint.RECORDED)


def check_download(registry: Registry, version: str, package: bytes) -> None:
    response = registry.http.get(f"/api/v1/plugins/@acme/chat/{version}/download")
    assert response.status_code == 200
    assert response.content == package


@pytest.mark.parametrize("point", [point for point in FailPoint if point not in IN_WEB])
def test_a_crash_of_the_worker_only_delays_a_release(registry: Registry, point: FailPoint) -> None:
    earlier, earlier_package = registry.build_version()
    registry.wait_until_published(registry.publish(earlier_package))
    version, package = registry.build_version()
    registry.arm(point)
    status_url = registry.publish(package)
    wait_until(lambda: registry.has_crashed(point), f"a crash at {point}")
    registry.wait_until_published(status_url)
    check_download(registry, version, package)
    check_download(registry, earlier, earlier_package)
    registry.wait_until_clean()


@pytest.mark.parametrize("point", UNRECORDED)
def test_an_upload_that_was_not_recorded_is_deleted_and_can_be_sent_again(
    registry: Registry, point: FailPoint
) -> None:
    version, package = registry.build_version()
    registry.arm(point)
    assert registry.send(package).status_code == 503
    assert registry.has_crashed(point)
    wait_until(registry.is_answering, "a new web process")
    registry.wait_until_clean()
    assert registry.http.get(f"/api/v1/plugins/@acme/chat/{version}").status_code == 404
    registry.wait_until_published(registry.publish(package))
    check_download(registry, version, package)


def test_a_recorded_upload_is_published_without_being_sent_again(registry: Registry) -> None:
    version, package = registry.build_version()
    registry.arm(FailPoint.RECORDED)
    assert registry.send(package).status_code == 503
    assert registry.has_crashed(FailPoint.RECORDED)
    wait_until(registry.is_answering, "a new web process")
    address = f"/api/v1/plugins/@acme/chat/{version}"
    wait_until(lambda: registry.http.get(address).status_code == 200, "the release")
    check_download(registry, version, package)
    # The client received no response: its next attempt gets the same one as the first would have.
    assert registry.send(package).status_code == 200
    registry.wait_until_clean()
