"""The local queue: a kombu transport that stores one message a queue as a file in a folder.

It supports direct exchanges only and no remote control. A message only wakes a worker, and the jobs
are rows in the database, so a new message replaces one that waits: none pile up while no worker
runs. A process that is killed at any point leaves the queue usable for the others: messages appear
and disappear by rename, so no process reads half a message, and there is no shared file that could
stay half-written.

Kombu's own `filesystem://` (5.7) does not give that. It writes under the final name and reads
without a lock: of 5,000 messages for two readers, 9 to 19 were read empty, and one such read ends
a Celery worker with all checks in it. A kill while the first process writes the exchange file
leaves it empty, and then no worker starts until an operator deletes the file.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

import structlog
from kombu.transport import virtual

# A worker notices a signal to stop only between two waits for messages.
_MAX_WAIT_SECONDS = 0.5
# A write takes milliseconds, and workers wake each other. No file this old is needed.
_STALE_SECONDS = 60.0
_SUFFIX = ".msg"
_log = structlog.get_logger("plugport.queue")


def _get_folder(client: Any) -> Path:
    return Path(client.transport_options["folder"])


class FolderChannel(virtual.Channel):
    """Reads and writes messages in the folder that the transport option `folder` names."""

    supports_fanout = False

    @property
    def _folder(self) -> Path:
        return _get_folder(self.connection.client)

    def _get_path(self, queue: str) -> Path:
        return self._folder / f"{queue}{_SUFFIX}"

    def _build_hidden_path(self, queue: str) -> Path:
        return self._folder / f".{uuid.uuid4().hex}.{queue}{_SUFFIX}"

    def _put(self, queue: str, message: dict[str, Any], **_kwargs: Any) -> None:
        # Complete under a hidden name first: rename(2) is atomic.
        part = self._build_hidden_path(queue)
        try:
            part.write_text(json.dumps(message), encoding="utf-8")
            part.rename(self._get_path(queue))
        except OSError:
            # On a full disk, an empty file would remain of each message.
            part.unlink(missing_ok=True)
            raise

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        """Remove and return the message. Raises `Empty`."""
        claimed = self._build_hidden_path(queue)
        try:
            # Of several readers, exactly one succeeds in renaming.
            self._get_path(queue).rename(claimed)
            text = claimed.read_bytes()
            claimed.unlink()
            message: dict[str, Any] = json.loads(text)
        except FileNotFoundError:
            raise Empty from None
        except ValueError:
            # Raising would end the worker. A lost message costs seconds: the job is in the table.
            _log.warning("message_unreadable", queue=queue)
            raise Empty from None
        return message

    def _size(self, queue: str) -> int:
        return int(self._get_path(queue).exists())

    def _purge(self, queue: str) -> int:
        with contextlib.suppress(FileNotFoundError):
            self._get_path(queue).unlink()
            return 1
        return 0


class FolderTransport(virtual.Transport):
    """The transport of `folder://localhost`."""

    Channel = FolderChannel
    # In memory: each process declares queues and bindings itself, so no file has to be shared.
    global_state = virtual.BrokerState()
    default_port = 0
    driver_type = driver_name = "folder"

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self.state = self.global_state

    def establish_connection(self) -> Any:
        """Create the folder. Raises `OSError`, which kombu treats as a failed connection."""
        folder = _get_folder(self.client)
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(f"the queue folder `{folder}` is not readable and writable")
        return super().establish_connection()

    def drain_events(self, connection: Any, timeout: float | None = None, **_kwargs: Any) -> None:
        """As in the base class, with shorter waits. Raises `TimeoutError` when none arrives."""
        wait = _MAX_WAIT_SECONDS if timeout is None else min(timeout, _MAX_WAIT_SECONDS)
        super().drain_events(connection, timeout=wait)


def delete_leftovers(folder: Path) -> int:
    """Delete files that killed processes left; returns how many. A starting worker calls it."""
    count = 0
    stale_before = time.time() - _STALE_SECONDS
    for path in folder.glob(f"*{_SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < stale_before:
                path.unlink()
                count += 1
    return count
