"""Tell Django what the gateway served from its cache: downloads and searches."""

from __future__ import annotations

import asyncio
import contextlib
import json

import structlog

from common.gateway_protocol import RECORDS_PATH
from gateway.upstream import Upstream, UpstreamError

_log = structlog.get_logger("plugport.gateway")
_INTERVAL_SECONDS = 1.0
_MAX_BATCH = 1_000
# Of the JSON. Far below what Django accepts as a body.
_MAX_BATCH_BYTES = 200_000
_ENVELOPE_BYTES = len('{"records": []}')
_SEPARATOR_BYTES = len(", ")
# More different records than that are not kept while Django does not respond.
_MAX_WAITING = 50_000
# At the end of the process. Granian kills it after 10 seconds.
_LAST_SECONDS = 3.0
_LAST_PAUSE_SECONDS = 0.1

_Counts = dict[tuple[str, str], int]


class Records:
    """Counts by record and client, sent in batches."""

    def __init__(self, upstream: Upstream, host: str) -> None:
        self._upstream = upstream
        self._host = host
        self._counts: _Counts = {}
        # The batch that Django has not responded to yet.
        self._batch: _Counts = {}
        self._dropped = 0
        self._sending: asyncio.Task[None] | None = None

    def add(self, record: str, client: str) -> None:
        """Count one response."""
        key = (record, client)
        count = self._counts.get(key, 0)
        # The batch may come back.
        if not count and len(self._counts) + len(self._batch) >= _MAX_WAITING:
            self._dropped += 1
            return
        self._counts[key] = count + 1

    async def run(self) -> None:
        """Send until canceled, and what is left then."""
        try:
            while True:
                await asyncio.sleep(_INTERVAL_SECONDS)
                await self.send()
        finally:
            await self._send_last()

    async def send(self) -> None:
        """Send everything that waits. What Django does not take stays for the next time.

        A cancel does not stop it: nobody would know whether Django counted the batch.
        """
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_batches())
        await asyncio.shield(self._sending)

    async def _send_last(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await self.send()
                while self._counts:
                    await asyncio.sleep(_LAST_PAUSE_SECONDS)
                    await self.send()
        if self._sending is not None and not self._sending.done():
            self._sending.cancel()
            await asyncio.wait([self._sending])
        self._dropped += sum(self._counts.values())
        self._log_dropped()

    async def _send_batches(self) -> None:
        self._log_dropped()
        # What is added meanwhile waits for the next time, or this might never end.
        left = len(self._counts)
        while left > 0:
            self._batch = self._take_batch(left)
            left -= len(self._batch)
            is_taken = False
            try:
                status = await self._post(self._batch)
                is_taken = status < 500
            finally:
                if not is_taken:
                    for key, count in self._batch.items():
                        self._counts[key] = self._counts.get(key, 0) + count
                self._batch = {}
            if not is_taken:
                return

    def _take_batch(self, most: int) -> _Counts:
        """Remove the oldest records: at least one, and not more than fit in a batch."""
        batch: _Counts = {}
        size = _ENVELOPE_BYTES
        for key, count in self._counts.items():
            text = json.dumps([*key, count], ensure_ascii=False)
            size += len(text.encode()) + _SEPARATOR_BYTES
            if batch and (len(batch) >= min(most, _MAX_BATCH) or size > _MAX_BATCH_BYTES):
                break
            batch[key] = count
        for key in batch:
            del self._counts[key]
        return batch

    async def _post(self, batch: _Counts) -> int:
        """The status of Django's response; 503 if there is none."""
        records = [[record, client, count] for (record, client), count in batch.items()]
        try:
            status = await self._upstream.post_json(self._host, RECORDS_PATH, {"records": records})
        except (UpstreamError, OSError):
            return 503
        if status < 500 and status not in {200, 204}:
            _log.error("records_refused", count=len(records), status=status)
        return status

    def _log_dropped(self) -> None:
        if self._dropped:
            _log.warning("records_dropped", count=self._dropped)
            self._dropped = 0
