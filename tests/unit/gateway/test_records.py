"""What the gateway counted reaches Django exactly once, however Django answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import CapturingLogger

from common.gateway_protocol import RECORDS_PATH
from gateway.records import Records
from gateway.upstream import Upstream

HOST = "plugins.example"
MAX_BODY_BYTES = 200_000
MAX_BATCH = 1_000
Expected = Counter[tuple[str, str]]


class Django:
    """A server on a Unix socket that counts what it takes.

    It answers with `statuses` in turn, then with 204. The status 0 stands for a connection that it
    closes without an answer.
    """

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.counts: Expected = Counter()
        self.sizes: list[int] = []
        self.statuses: list[int] = []
        self.has_begun = asyncio.Event()
        self.has_taken = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.has_begun.set()
        await self.may_answer.wait()
        assert request.headers["Content-Length"] == str(len(body))
        assert (request.host, request.content_type) == (HOST, "application/json")
        assert len(body) <= MAX_BODY_BYTES
        status = self.statuses.pop(0) if self.statuses else 204
        if not status:
            assert request.transport is not None
            request.transport.close()
        elif status == 204:
            records = json.loads(body)["records"]
            assert 0 < len(records) <= MAX_BATCH
            self.sizes.append(len(body))
            for record, client, count in records:
                self.counts[record, client] += count
            self.has_taken.set()
        return web.Response(status=status or 500)

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Listen until the end of the block."""
        application = web.Application(client_max_size=10 << 20)
        application.router.add_post(RECORDS_PATH, self.handle)
        runner = web.AppRunner(application, shutdown_timeout=1)
        await runner.setup()
        await web.UnixSite(runner, str(self.socket)).start()
        try:
            yield
        finally:
            await runner.cleanup()


class World:
    """Records with their server, and what was counted."""

    def __init__(self, django: Django, records: Records) -> None:
        self.django = django
        self.records = records
        self.expected: Expected = Counter()

    def add(self, record: str, client: str = "192.0.2.1", count: int = 1) -> None:
        for _ in range(count):
            self.records.add(record, client)
        self.expected[record, client] += count


Send = Callable[[Callable[[World], Coroutine[None, None, None]]], None]


@pytest.fixture
def socket() -> Iterator[Path]:
    """In a short folder: the path of a socket has at most 100 bytes."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "web.sock"


@pytest.fixture
def send(socket: Path) -> Send:
    """Runs a test with records and a server that is not started yet."""

    async def run(test: Callable[[World], Coroutine[None, None, None]]) -> None:
        upstream = Upstream(str(socket))
        try:
            await test(World(Django(socket), Records(upstream, HOST)))
        finally:
            await upstream.close()

    return lambda test: asyncio.run(run(test))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    """Tests log errors only; this keeps warnings too."""
    logger = CapturingLogger()
    monkeypatch.setattr("gateway.records._log", logger)
    return logger


def list_events(log: CapturingLogger) -> list[tuple[str, dict[str, object]]]:
    return [(call.args[0], call.kwargs) for call in log.calls]


def make_file(path: Path) -> None:
    path.touch()


def remove_file(path: Path) -> None:
    path.unlink()


def test_long_records_arrive_once_in_bounded_batches(send: Send) -> None:
    async def test(world: World) -> None:
        async with world.django.serve():
            for number in range(3_000):
                world.add(f"search:{number}:" + "日本é" * (number % 200), "2001:db8::/64")
            for number in range(0, 3_000, 7):
                world.add(f"search:{number}:" + "日本é" * (number % 200), "2001:db8::/64", 2)
            await world.records.send()
            assert world.django.counts == world.expected
            # Full batches, without escapes of six bytes for each character.
            assert min(world.django.sizes[:-1]) > MAX_BODY_BYTES - 3_000
            before = len(world.django.sizes)
            await world.records.send()
            assert len(world.django.sizes) == before

    send(test)


def test_many_short_records_arrive_once(send: Send) -> None:
    async def test(world: World) -> None:
        async with world.django.serve():
            for number in range(2 * MAX_BATCH + 1):
                world.add("download:1:2", f"192.0.2.{number}")
            await world.records.send()
            assert world.django.counts == world.expected
            assert len(world.django.sizes) == 3

    send(test)


@pytest.mark.parametrize("status", [500, 502, 503, 0])
def test_what_is_not_taken_is_sent_again(send: Send, status: int) -> None:
    async def test(world: World) -> None:
        async with world.django.serve():
            for number in range(2 * MAX_BATCH):
                world.add(f"download:{number}:é")
            # The first batch is taken, the second is not.
            world.django.statuses = [204, status]
            await world.records.send()
            assert sum(world.django.counts.values()) == MAX_BATCH
            for number in range(0, 3 * MAX_BATCH, 2):
                world.add(f"download:{number}:é")
            world.django.statuses = [status]
            await world.records.send()
            await world.records.send()
            assert world.django.counts == world.expected

    send(test)


def test_without_a_server_everything_waits(send: Send, socket: Path) -> None:
    async def test(world: World) -> None:
        world.add("download:1:2", count=3)
        # No file, then a file on which nobody listens.
        await world.records.send()
        async with world.django.serve():
            pass
        make_file(socket)
        await world.records.send()
        remove_file(socket)
        world.add("download:1:2")
        async with world.django.serve():
            await world.records.send()
        assert world.django.counts == world.expected == {("download:1:2", "192.0.2.1"): 4}

    send(test)


def test_what_is_refused_is_dropped_and_logged(send: Send, log: CapturingLogger) -> None:
    async def test(world: World) -> None:
        async with world.django.serve():
            world.records.add("search:old", "192.0.2.1")
            world.records.add("search:older", "192.0.2.1")
            world.django.statuses = [400]
            await world.records.send()
            assert list_events(log) == [("records_refused", {"count": 2, "status": 400})]
            world.add("search:new")
            await world.records.send()
            assert world.django.counts == world.expected

    send(test)


def test_what_waits_is_bounded_also_over_several_failures(
    send: Send, log: CapturingLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.records._MAX_WAITING", 10)

    async def test(world: World) -> None:
        async with world.django.serve():
            for number in range(8):
                world.add(f"search:{number}")
            world.django.statuses = [503]
            world.django.may_answer.clear()
            sending = asyncio.create_task(world.records.send())
            await world.django.has_begun.wait()
            # The batch is on its way and may come back: two are free.
            world.add("search:8")
            world.add("search:9")
            world.records.add("search:10", "192.0.2.1")
            world.django.may_answer.set()
            await sending
            world.records.add("search:11", "192.0.2.1")
            world.add("search:3", count=5)
            await world.records.send()
            assert list_events(log) == [("records_dropped", {"count": 2})]
            assert world.django.counts == world.expected

    send(test)


def test_the_end_waits_for_a_batch_and_sends_the_rest(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.records._INTERVAL_SECONDS", 0)

    async def test(world: World) -> None:
        async with world.django.serve():
            world.add("search:first", count=2)
            world.django.may_answer.clear()
            running = asyncio.create_task(world.records.run())
            await world.django.has_begun.wait()
            world.add("search:first")
            world.add("search:second")
            # The batch on its way, and one attempt with the rest.
            world.django.statuses = [204, 503]
            running.cancel()
            await asyncio.sleep(0)
            world.django.may_answer.set()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert world.django.counts == world.expected

    send(test)


def test_the_end_does_not_wait_for_long(
    send: Send, log: CapturingLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.records._INTERVAL_SECONDS", 0)
    monkeypatch.setattr("gateway.records._LAST_SECONDS", 0.05)

    async def test(world: World) -> None:
        async with world.django.serve():
            world.records.add("search:first", "192.0.2.1")
            world.django.may_answer.clear()
            running = asyncio.create_task(world.records.run())
            await world.django.has_begun.wait()
            world.records.add("search:second", "192.0.2.1")
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert list_events(log) == [("records_dropped", {"count": 2})]
            world.django.may_answer.set()

    send(test)


def test_failures_never_end_the_sending(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.records._INTERVAL_SECONDS", 0)

    async def test(world: World) -> None:
        async with world.django.serve():
            world.django.statuses = [503, 0, 500, 0]
            world.add("search:first")
            running = asyncio.create_task(world.records.run())
            async with asyncio.timeout(10):
                await world.django.has_taken.wait()
            assert world.django.counts == world.expected
            assert not running.done()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    send(test)
