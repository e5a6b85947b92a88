"""Limits of what one client has in progress."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http.errors import TooManyInProgressError
from gateway.in_flight import InFlight


@dataclass
class Client:
    network: str
    is_limited: bool


def test_over_the_limit_is_refused_for_that_client_only() -> None:
    async def run() -> None:
        requests = InFlight(1, "requests")
        async with requests.count(Client("192.0.2.1", is_limited=True)):
            with pytest.raises(TooManyInProgressError):
                async with requests.count(Client("192.0.2.1", is_limited=True)):
                    pass
            async with requests.count(Client("192.0.2.2", is_limited=True)):
                pass
            async with requests.count(Client("192.0.2.1", is_limited=False)):
                pass
        async with requests.count(Client("192.0.2.1", is_limited=True)):
            pass

    asyncio.run(run())


@given(
    limit=st.integers(1, 4),
    total=st.integers(1, 20),
    canceled=st.sets(st.integers(0, 19), max_size=10),
)
def test_those_who_wait_get_their_turn(limit: int, total: int, canceled: set[int]) -> None:
    """Never more than the limit at once; everyone who is not canceled is served, in order."""
    served: list[int] = []
    now = most = 0

    async def run() -> None:
        downloads = InFlight(limit, "downloads", wait_seconds=60)

        async def download(number: int) -> None:
            nonlocal now, most
            async with downloads.count(Client("192.0.2.1", is_limited=True)):
                now += 1
                most = max(most, now)
                try:
                    for _ in range(3):
                        await asyncio.sleep(0)
                    served.append(number)
                finally:
                    now -= 1

        tasks = [asyncio.create_task(download(number)) for number in range(total)]
        await asyncio.sleep(0)
        for number in canceled:
            if number < total:
                tasks[number].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Nothing is left that would block the next one.
        async with downloads.count(Client("192.0.2.1", is_limited=True)):
            pass

    asyncio.run(run())
    assert most <= limit
    assert served == sorted(served)
    assert set(served) >= set(range(total)) - canceled


def test_waiting_ends() -> None:
    async def run() -> None:
        downloads = InFlight(1, "downloads", wait_seconds=0.001)
        async with downloads.count(Client("192.0.2.1", is_limited=True)):
            with pytest.raises(TooManyInProgressError):
                async with downloads.count(Client("192.0.2.1", is_limited=True)):
                    pass
        async with downloads.count(Client("192.0.2.1", is_limited=True)):
            pass

    asyncio.run(run())
