"""The ASGI application, which granian starts: `granian --interface asgi gateway.app:app`."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import sys
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog

from common.logs import configure_logging
from common.processes.parent_watchdog import exit_with_parent
from gateway.bodies import Receive
from gateway.cache import ResponseCache
from gateway.changes import ChangeFollower, build_reader
from gateway.connections import limit_unread_time
from gateway.handler import Handler
from gateway.options import load_options
from gateway.readiness import Readiness
from gateway.records import Records
from gateway.transfers import STALL_SECONDS, Send
from gateway.upstream import Upstream

# Granian listens a moment after the application has started.
_LISTEN_TRIES, _LISTEN_PAUSE_SECONDS = 200, 0.05
_log = structlog.get_logger("plugport.gateway")


class Application:
    """Starts with the event loop, and serves requests until it ends."""

    def __init__(self) -> None:
        self._handler: Handler | None = None
        self._is_stopping = False

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._handler is not None:
            await self._handler.handle(scope, receive, send)
        elif scope["type"] == "lifespan":
            try:
                await self._live(receive, send)
            except Exception as error:  # noqa: BLE001 -- granian would go on without a handler
                self._exit("start", repr(error))

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start, wait for the end of the process, and stop (ASGI's lifespan protocol)."""
        await receive()
        options = load_options()
        configure_logging({"format": options.log_format, "level": options.log_level})
        async with contextlib.AsyncExitStack() as stack:
            upstream = Upstream(options.socket)
            stack.push_async_callback(upstream.close)
            # Its own connections: `/readyz` must not wait for those of other requests.
            probe = Upstream(options.socket)
            stack.push_async_callback(probe.close)
            object_store = await stack.enter_async_context(
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False)
            )
            cache = ResponseCache(options.cache_bytes)
            follower = ChangeFollower(build_reader(options), cache)
            host = urlsplit(options.base_url).netloc
            records = Records(upstream, host)
            readiness = Readiness(probe, host)
            self._handler = Handler(
                options,
                upstream=upstream,
                object_store=object_store,
                cache=cache,
                follower=follower,
                records=records,
                readiness=readiness,
            )
            tasks = [
                asyncio.create_task(each.run(), name=type(each).__name__)
                for each in (follower, records, readiness)
            ]
            for task in tasks:
                task.add_done_callback(self._end_process)
            limiting = asyncio.create_task(_limit_unread_time())
            try:
                await send({"type": "lifespan.startup.complete"})
                await receive()
            finally:
                self._is_stopping = True
            for task in (*tasks, limiting):
                task.cancel()
            await asyncio.gather(*tasks, limiting, return_exceptions=True)
        await send({"type": "lifespan.shutdown.complete"})

    def _end_process(self, task: asyncio.Task[None]) -> None:
        """End the process if a background task ended, so that granian starts a new one.

        Without the task the gateway would count nothing, or use no cache, until someone notices.
        """
        if self._is_stopping:
            return
        error = "canceled" if task.cancelled() else repr(task.exception())
        self._exit(task.get_name(), error)

    def _exit(self, task: str, error: str) -> None:
        _log.error("gateway_task_ended", task=task, error=error)
        # `os._exit` writes no buffers. An exception would only be logged by the event loop.
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(1)


async def _limit_unread_time() -> None:
    """Limit the time of clients that do not read, once granian listens: after the application has started."""
    for _ in range(_LISTEN_TRIES):
        if limit_unread_time(STALL_SECONDS):
            return
        await asyncio.sleep(_LISTEN_PAUSE_SECONDS)
    # As on a Unix socket, where the proxy has limits.
    _log.info("unread_time_unlimited")


# In a process that granian starts; without it, it would keep the port after a kill of granian.
if (_server := multiprocessing.parent_process()) is not None and _server.pid is not None:
    exit_with_parent(_server.pid)
app = Application()
