"""A deadlock on PostgreSQL is a lost race: the registry tries again, and nobody sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.processes.harness import wait_until
from tests.services.wiring import Services, WiredRegistry, open_machine
from tests.support.publishing import build_package

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.s3, pytest.mark.processes]

# The table has the same number in other databases, which are copies of the same one.
_WAITS = (
    "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
    " WHERE NOT granted AND relation = %s::regclass AND d.datname = current_database()"
)


@pytest.fixture(scope="module")
def machine(
    services: Services, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WiredRegistry]:
    folder: Path = tmp_path_factory.mktemp("machine") / "data"
    with open_machine(folder, services, PLUGPORT_ENV="local") as machine:
        yield machine


def test_a_publish_that_is_the_victim_of_a_deadlock(
    machine: WiredRegistry, services: Services
) -> None:
    machine.wait_until_published(machine.publish(machine.build_version()[1]))
    with ThreadPoolExecutor(1) as pool, psycopg.connect(services.database_url) as rival:
        # The side that finds the deadlock is its victim: the publish looks after one second.
        rival.execute("SET deadlock_timeout = '1min'")
        rival.execute("LOCK TABLE accounts_auditentry IN SHARE MODE")
        response = pool.submit(machine.send, machine.build_version()[1])
        wait_until(
            lambda: rival.execute(_WAITS, ["accounts_auditentry"]).fetchone() != (0,),
            "a publish that holds the plugin and waits for the audit log",
        )
        rival.execute("SELECT 1 FROM registry_plugin WHERE name = '@acme/chat' FOR UPDATE")
        rival.rollback()
        answer = response.result()
    assert answer.status_code in (201, 202), answer.text
    machine.wait_until_published(answer.json()["statusUrl"])
    assert "deadlock_retried" in machine.load_log()
    machine.wait_until_clean()


def test_identical_publishes_at_once(machine: WiredRegistry) -> None:
    """Every one of them is acknowledged with the same release."""
    for number in range(4):
        package = build_package(f"@acme/same-{number}")
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(machine.send, [package] * 24))
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses.keys() <= {200, 201, 202}, [a.text for a in answers if a.status_code > 202]
        assert len({answer.json()["statusUrl"] for answer in answers}) == 1
    machine.wait_until_clean()
