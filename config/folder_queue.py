"""The local queue: a kombu transport that keeps each message as a file in one folder.

It has one kind of exchange (direct) and no remote control; it only has to wake the worker, since
the work itself is listed in the database. What it promises is that a process that is killed in
the middle of a call spoils nothing for the others: a message appears and goes by rename, so
nobody sees half of one, and there is no other file to be left half-written.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, virtual

# A worker that is asked to end looks up only between two waits for messages.
_LONGEST_WAIT_SECONDS = 0.5
# A hidden file of this age belongs to no call that still runs.
_STALE_SECONDS = 60.0
_SUFFIX = ".msg"
_log = structlog.get_logger("plugport.queue")


def _get_folder(client: Any) -> Path:
    return Path(client.transport_options["folder"])


class FolderChannel(virtual.Channel):
    """Reads and writes messages below the transport option `folder`."""

    supports_fanout = False

    @property
    def _folder(self) -> Path:
        return _get_folder(self.connection.client)

    def _list(self, queue: str) -> Iterator[Path]:
        """The messages of a queue, oldest first; names that start with a dot are not ready."""
        paths = sorted(path for path in self._folder.iterdir() if not path.name.startswith("."))
        return (path for path in paths if path.name.partition(".")[2] == f"{queue}{_SUFFIX}")

    def _put(self, queue: str, message: dict[str, Any], **_kwargs: Any) -> None:
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}.{queue}{_SUFFIX}"
        part = self._folder / f".{name}"
        part.write_text(json.dumps(message), encoding="utf-8")
        part.rename(self._folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        """Take the oldest message. Raises `Empty`."""
        for path in self._list(queue):
            taken = path.with_name(f".{path.name}")
            try:
                path.rename(taken)
                text = taken.read_bytes()
                taken.unlink()
                message: dict[str, Any] = json.loads(text)
            except FileNotFoundError:
                continue  # another worker was faster
            except ValueError:
                _log.warning("message_unreadable", file=path.name)
                continue
            return message
        raise Empty

    def _size(self, queue: str) -> int:
        return sum(1 for _ in self._list(queue))

    def _purge(self, queue: str) -> int:
        count = 0
        for path in self._list(queue):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
                count += 1
        return count


class FolderTransport(virtual.Transport):
    """The transport of `folder://localhost`."""

    Channel = FolderChannel
    # Queues and bindings are declared by every process for itself.
    global_state = virtual.BrokerState()
    default_port = 0
    driver_type = driver_name = "folder"

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self.state = self.global_state

    def establish_connection(self) -> Any:
        """Make sure of the folder. Raises `OSError`, which counts as no connection."""
        folder = _get_folder(self.client)
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(f"the queue's folder `{folder}` cannot be used")
        return super().establish_connection()

    def drain_events(self, connection: Any, timeout: float | None = None, **_kwargs: Any) -> None:
        """As kombu's, with shorter waits. Raises `TimeoutError`, which its callers expect."""
        wait = _LONGEST_WAIT_SECONDS if timeout is None else min(timeout, _LONGEST_WAIT_SECONDS)
        super().drain_events(connection, timeout=wait)


def register_transport() -> None:
    """Make `folder://` known to kombu."""
    TRANSPORT_ALIASES["folder"] = f"{__name__}:FolderTransport"


def clean_folder(folder: Path) -> int:
    """Remove every message, and what is left of calls that were killed; returns how many.

    For a worker that starts: it looks through the list of work anyway, and messages of a time
    without workers would only pile up.
    """
    count = 0
    old = time.time() - _STALE_SECONDS
    for path in folder.glob(f"*{_SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            if not path.name.startswith(".") or path.stat().st_mtime < old:
                path.unlink()
                count += 1
    return count
