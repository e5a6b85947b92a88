"""Limits of what one client may have in progress at the same time."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from common.http.errors import TooManyInProgressError


class Counted(Protocol):
    """What is counted: a request of a client."""

    network: str
    is_limited: bool


@dataclass(slots=True)
class _Client:
    count: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class _Turn:
    """What `InFlight.count` returns: a class, because a generator takes twice as long."""

    __slots__ = ("_client", "_in_flight", "_request")

    def __init__(self, in_flight: InFlight, request: Counted) -> None:
        self._in_flight = in_flight
        self._request = request
        self._client: _Client | None = None

    async def __aenter__(self) -> None:
        self._client = await self._in_flight.enter(self._request)

    async def __aexit__(self, *_error: object) -> None:
        if self._client is not None:
            self._in_flight.leave(self._request.network, self._client)


class InFlight:
    """Counts what is in progress for each client network, up to `limit`.

    More than that waits for its turn, for `wait_seconds` at most: clients that open many connections
    at once, as package managers do, are slowed down and not refused. Without a time it is refused.
    """

    def __init__(self, limit: int, name: str, *, wait_seconds: float = 0.0) -> None:
        self._limit = limit
        self._name = name
        self._wait_seconds = wait_seconds
        self._clients: dict[str, _Client] = {}

    def count(self, request: Counted) -> _Turn:
        """Count one for the duration of an `async with`, which raises `TooManyInProgressError`."""
        return _Turn(self, request)

    async def enter(self, request: Counted) -> _Client:
        """Count one more, until `leave`. Raises `TooManyInProgressError`."""
        client = self._clients.get(request.network)
        if client is None:
            client = self._clients[request.network] = _Client()
        if request.is_limited and (client.count >= self._limit or client.waiting):
            # The one that finishes passes its place on, so the count stays the same.
            await self._wait(client)
        else:
            client.count += 1
        return client

    async def _wait(self, client: _Client) -> None:
        turn = asyncio.get_running_loop().create_future()
        if self._wait_seconds:
            client.waiting.append(turn)
            try:
                async with asyncio.timeout(self._wait_seconds):
                    await turn
            except TimeoutError:
                pass
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._pass_on(client)
                raise
            finally:
                with contextlib.suppress(ValueError):
                    client.waiting.remove(turn)
        if not turn.done() or turn.cancelled():
            raise TooManyInProgressError(
                f"The limit is {self._limit} {self._name} in progress for each client address.",
                hint="Wait until some of them have finished.",
                context={"retryAfterSeconds": 1},
            )

    def leave(self, network: str, client: _Client) -> None:
        """End what `enter` counted."""
        self._pass_on(client)
        if not client.count and not client.waiting:
            self._clients.pop(network, None)

    def _pass_on(self, client: _Client) -> None:
        while client.waiting:
            turn = client.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        client.count -= 1
