"""`manage.py serve` restarts processes that exit, and stops all of them at its end."""

from __future__ import annotations

import signal

import pytest

from registry.publishing.failpoints import FailPoint
from tests.processes.harness import Registry, wait_until
from tests.support.server import RECORDED

pytestmark = pytest.mark.processes

# Celery prints these when it stops.
WARM_SHUTDOWN = "worker: Warm shutdown (MainProcess)"
# Granian kills a worker that hangs while it stops (seen once in hundreds of stops; Granian's issue 875
# describes such a deadlock). All responses have been sent by then.
WEB_WORKER_KILLED = "[WARNING] Killing worker-1 after it refused to gracefully stop"

# Granian's advice on machines with few cores. Most threads wait, for checks and for images.
ADVICE = "[WARNING] Configuration allows spawning up to "


def send_some(registry: Registry, count: int) -> dict[str, bytes]:
    """Publish without waiting for checks; every upload is acknowledged."""
    sent = {}
    for _ in range(count):
        version, package = registry.build_version()
        assert registry.send(package).status_code in RECORDED
        sent[version] = package
    return sent


def find_noise(log: str) -> list[str]:
    """Return the log lines that do not report a success."""
    lines = [line for line in log.splitlines() if line and not line.startswith(ADVICE)]
    return [line for line in lines if "level='info'" not in line]


def stop(registry: Registry, number: signal.Signals) -> list[str]:
    """Stop all processes with the signal; returns the lines that are not records of success."""
    before = registry.load_log()
    assert registry.signal_main(number) == 0
    assert registry.list_processes() == []
    return find_noise(registry.load_log().removeprefix(before))


def check_all_published(registry: Registry, sent: dict[str, bytes]) -> None:
    for version, package in sent.items():
        registry.wait_until_published(registry.publish(package))
        address = f"/api/v1/plugins/@acme/chat/{version}/download"
        assert registry.http.get(address).content == package
    registry.wait_until_clean()


def test_workers_have_a_lower_priority_than_web_processes(registry: Registry) -> None:
    def read_priorities(word: str) -> set[int]:
        return {process.nice() for process in registry.find_processes(word)}

    wait_until(lambda: min(read_priorities("celery")) > max(read_priorities("config.wsgi")), "it")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_process_and_loses_nothing(
    registry: Registry, number: signal.Signals
) -> None:
    sent = send_some(registry, 3)
    noise = stop(registry, number)
    if WEB_WORKER_KILLED in noise:
        # Twice in a row is no accident.
        registry.start()
        noise = stop(registry, number)
    # A Celery worker that was still starting prints nothing.
    assert noise in ([WARM_SHUTDOWN], [])
    registry.start()
    check_all_published(registry, sent)
    assert find_noise(registry.load_log()) == [f"Plugport is running at {registry.url}"]


def test_after_a_kill_of_all_processes_the_next_start_finishes_the_work(registry: Registry) -> None:
    sent = send_some(registry, 3)
    registry.kill_everything()
    registry.start()
    check_all_published(registry, sent)


def test_killing_the_supervisor_ends_every_process(registry: Registry) -> None:
    sent = send_some(registry, 2)
    registry.signal_main(signal.SIGKILL)
    registry.wait_until_alone()
    registry.start()
    check_all_published(registry, sent)


@pytest.mark.parametrize("program", ["celery", "config.wsgi", "gateway.app"])
def test_a_killed_main_process_is_started_again(registry: Registry, program: str) -> None:
    killed = registry.find_processes(program)
    killed[0].kill()
    registry.wait_until_ended(killed)
    wait_until(lambda: registry.find_processes(program), f"a new {program}")
    wait_until(registry.is_answering, "a response")
    check_all_published(registry, send_some(registry, 1))


def test_after_a_kill_of_idle_workers_packages_are_still_checked(registry: Registry) -> None:
    check_all_published(registry, send_some(registry, 1))
    for _ in range(2):
        # The last one has the most ancestors: of a pool it is the process that runs the checks.
        idle = registry.find_processes("celery")[-1]
        idle.kill()
        registry.wait_until_ended([idle])
        check_all_published(registry, send_some(registry, 1))


def test_a_package_whose_check_kills_its_worker_each_time_is_held(registry: Registry) -> None:
    """After four crashes the fifth attempt holds the release for a moderator."""
    _, package = registry.build_version()
    registry.arm_for_all(FailPoint.CHECKING)
    status_url = registry.publish(package)
    wait_until(lambda: registry.get_state(status_url) != "checking", "the verdict")
    registry.disarm(FailPoint.CHECKING)
    status = registry.http.get(status_url).json()
    assert status["state"] == "held"
    assert status["verdict"]
    assert registry.query("SELECT count(*) FROM registry_job") == [(0,)]
