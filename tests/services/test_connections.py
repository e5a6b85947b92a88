"""A web process connects to PostgreSQL before its threads need the connections."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
import pytest

from config.backends import MAX_CONNECTIONS
from config.processes.threads import count_web_threads
from tests.processes.harness import PATIENCE_SECONDS, Registry, prepare_folder, wait_until
from tests.services.wiring import move
from tests.support.proxy import Proxy, open_proxy

pytestmark = [pytest.mark.postgres, pytest.mark.processes]
_WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@dataclass(frozen=True)
class Machine:
    """A registry with one web process, whose connections to the database pass through the proxy."""

    registry: Registry
    database: Proxy
    database_url: str

    def find_web_process(self) -> psutil.Process | None:
        """The process with Django, or None until granian has started it."""
        # The server of granian first, which has forked the process.
        found = self.registry.find_processes("config.wsgi:application")
        return found[1] if len(found) > 1 else None

    def count_connections(self) -> int:
        """The connections of the web process to the database."""
        process = self.find_web_process()
        return self.count_of(process) if process else 0

    def count_of(self, process: psutil.Process) -> int:
        """The connections of a process to the database."""
        return sum(
            bool(each.raddr) and each.raddr.port == self.database.port
            for each in process.net_connections("tcp")
        )


@pytest.fixture(scope="module")
def machine(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine") / "data"
    parts = urlsplit(module_database)
    with open_proxy(parts.hostname or "", parts.port or 5432) as proxy:
        # Attempts that ended would be followed by others, one after the other again.
        url = f"{move(module_database, proxy.port)}?connect_timeout={10 * PATIENCE_SECONDS:.0f}"
        variables = {"DATABASE_URL": url}
        prepare_folder(folder, **variables)
        registry = Registry(folder, **variables)
        try:
            registry.start()
            yield Machine(registry, proxy, module_database)
        finally:
            registry.close()


def test_a_supervisor_keeps_no_connection(machine: Machine) -> None:
    (supervisor,) = machine.registry.find_processes("manage.py")
    assert machine.count_of(supervisor) == 0
    (worker,) = machine.registry.find_processes("celery")
    assert 1 <= machine.count_of(worker) <= MAX_CONNECTIONS


def test_no_thread_waits_for_the_connection_of_another(machine: Machine) -> None:
    """The first requests of all threads succeed, though no further connection can be opened."""
    threads = count_web_threads()
    wait_until(lambda: machine.count_connections() >= threads, "a connection for each thread")
    machine.database.refuse()

    def read(number: int) -> int:
        # Each from another address: one client gets half of the threads.
        transport = httpx.HTTPTransport(local_address=f"127.0.0.{number + 2}")
        with httpx.Client(transport=transport, timeout=PATIENCE_SECONDS) as client:
            url = f"{machine.registry.url}/api/v1/plugins/@acme/none?number={number}"
            return client.get(url).status_code

    with (
        contextlib.ExitStack() as stack,
        psycopg.connect(machine.database_url, autocommit=True) as observer,
        psycopg.connect(machine.database_url) as rival,
        ThreadPoolExecutor(threads) as pool,
    ):
        stack.callback(machine.database.restore)
        # Each request keeps its connection until the lock is released.
        rival.execute("LOCK TABLE registry_plugin IN ACCESS EXCLUSIVE MODE")
        requests = [pool.submit(read, number) for number in range(threads)]
        wait_until(
            lambda: (
                observer.execute(_WAITING).fetchone() >= (threads,)
                or any(request.done() for request in requests)
            ),
            "all requests",
        )
        rival.rollback()
        statuses = {request.result() for request in requests}
    assert statuses == {404}


def test_all_connections_are_opened_at_the_same_time(machine: Machine) -> None:
    """A server that takes long for each of them delays the first requests once, not for each."""
    before = machine.find_web_process()
    assert before is not None
    machine.database.freeze()
    try:
        before.kill()
        wait_until(lambda: machine.find_web_process() not in (before, None), "another web process")
        wait_until(lambda: machine.count_connections() == count_web_threads(), "all connections")
    finally:
        machine.database.thaw()
    wait_until(machine.registry.is_answering, "a response")
