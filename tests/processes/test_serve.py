"""`manage.py serve`: what dies is started again, and the end is the end of everything."""

from __future__ import annotations

import signal

import pytest

from registry.publishing.faults import Point
from tests.processes.harness import Registry, wait_until

pytestmark = pytest.mark.processes

# Celery's own farewell.
WARM_SHUTDOWN = "worker: Warm shutdown (MainProcess)"


def send_some(registry: Registry, count: int) -> dict[str, bytes]:
    """Publish without waiting for checks; every one of them is acknowledged."""
    sent = {}
    for _ in range(count):
        version, package = registry.make_version()
        assert registry.send(package).status_code == 202
        sent[version] = package
    return sent


def find_noise(log: str) -> list[str]:
    """The lines that are not the record of something that went well."""
    return [line for line in log.splitlines() if line and "level='info'" not in line]


def check_all_published(registry: Registry, sent: dict[str, bytes]) -> None:
    for version, package in sent.items():
        registry.wait_until_published(registry.publish(package))
        address = f"/api/v1/plugins/@acme/chat/{version}/download"
        assert registry.http.get(address).content == package
    registry.wait_until_clean()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_process_and_loses_nothing(
    registry: Registry, number: signal.Signals
) -> None:
    sent = send_some(registry, 3)
    before = registry.read_log()
    assert registry.signal_main(number) == 0
    assert registry.list_processes() == []
    # A worker that was still starting has no farewell to say.
    assert find_noise(registry.read_log().removeprefix(before)) in ([WARM_SHUTDOWN], [])
    registry.start()
    check_all_published(registry, sent)
    assert find_noise(registry.read_log()) == [f"Plugport is running at {registry.url}"]


def test_after_kill_of_everything_the_next_start_finishes(registry: Registry) -> None:
    sent = send_some(registry, 3)
    registry.kill_everything()
    registry.start()
    check_all_published(registry, sent)


def test_kill_of_the_supervisor_ends_every_process(registry: Registry) -> None:
    sent = send_some(registry, 2)
    registry.signal_main(signal.SIGKILL)
    registry.wait_until_alone()
    registry.start()
    check_all_published(registry, sent)


@pytest.mark.parametrize("program", ["celery", "granian"])
def test_a_killed_main_process_is_started_again(registry: Registry, program: str) -> None:
    killed = registry.find_processes(program)
    killed[0].kill()
    wait_until(lambda: not any(p.is_running() for p in killed), f"the end of all of {program}")
    wait_until(lambda: registry.find_processes(program), f"a new {program}")
    wait_until(registry.is_answering, "an answer")
    check_all_published(registry, send_some(registry, 1))


def test_a_package_whose_check_kills_its_worker_each_time_is_held(registry: Registry) -> None:
    """Four deaths in a row: the fifth attempt asks for a person instead of trying again."""
    _, package = registry.make_version()
    registry.arm(Point.CHECKING)
    status_url = registry.publish(package)

    def is_decided() -> bool:
        if registry.has_crashed(Point.CHECKING) and registry.get_state(status_url) == "checking":
            registry.arm(Point.CHECKING)
        return registry.get_state(status_url) != "checking"

    wait_until(is_decided, "the verdict")
    registry.disarm(Point.CHECKING)
    status = registry.http.get(status_url).json()
    assert status["state"] == "held"
    assert status["verdict"]
    assert registry.query("SELECT count(*) FROM registry_job") == [(0,)]
