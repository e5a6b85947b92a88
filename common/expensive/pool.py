"""A child process for expensive computations in Python.

In a thread of a web process such a computation would hold the interpreter lock for most of its time,
and every other request would wait for the lock at each of its queries.

The child is started by the first computation. It is a program of its own and no fork, because a fork
copies the locks of other threads. It ends with its parent: see `common.expensive.child`.
"""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, TypeVar, cast

import structlog

from common.expensive.child import LENGTH
from common.expensive.turns import Turns, build_busy_error

T = TypeVar("T")

_log = structlog.get_logger("plugport.expensive")
_ROOT = Path(__file__).resolve().parents[2]
# Memory that a computation leaves behind is freed after so many.
_MAX_COMPUTATIONS = 500


class _ChildDiedError(Exception):
    """The connection to the child ended."""


class _Child:
    """A running child and the connection to it."""

    def __init__(self) -> None:
        self._connection, theirs = socket.socketpair()
        self.computations = 0
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 -- a fixed command
                [sys.executable, "-m", "common.expensive.child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # No secrets: it needs none.
                env={
                    **{
                        k: v
                        for k, v in os.environ.items()
                        if k.startswith(("PYTHON", "LANG", "LC_"))
                    },
                    "PYTHONPATH": str(_ROOT),
                },
            )
        self._finalizer = Finalize(
            self, _end, args=(self._connection, self._process), exitpriority=0
        )

    def send(self, request: bytes, deadline: float) -> bytes:
        """The response. Raises `TimeoutError` and `_ChildDiedError`."""
        self.computations += 1
        try:
            self._wait_until(deadline)
            self._connection.sendall(LENGTH.pack(len(request)) + request)
            (length,) = LENGTH.unpack(self._receive(LENGTH.size, deadline))
            return self._receive(length, deadline)
        except TimeoutError:
            raise
        except OSError as error:
            raise _ChildDiedError from error

    def _receive(self, length: int, deadline: float) -> bytes:
        received = bytearray(length)
        view = memoryview(received)
        while view:
            self._wait_until(deadline)
            count = self._connection.recv_into(view)
            if not count:
                raise _ChildDiedError
            view = view[count:]
        return bytes(received)

    def _wait_until(self, deadline: float) -> None:
        """Let the next call on the connection raise `TimeoutError` at the deadline."""
        # Zero would mean: do not wait at all, and raise another error.
        self._connection.settimeout(max(0.001, deadline - time.monotonic()))

    def end(self) -> None:
        """Kill the process and wait for its end."""
        self._finalizer()


def _end(connection: socket.socket, process: subprocess.Popen[bytes]) -> None:
    connection.close()
    process.kill()
    process.wait()


class ProcessPool:
    """Computes in one child process, for `max_pending` threads of this process.

    One child is enough: web processes have one each, and a second one would take the time of the
    web processes.
    """

    def __init__(self, *, max_pending: int) -> None:
        self.turns = Turns(max_pending=max_pending)
        self._child: _Child | None = None

    def compute(
        self, function: Callable[..., T], arguments: tuple[Any, ...], *, seconds: float
    ) -> T:
        """Call the function in the child, at most `seconds` long. Hold a turn meanwhile.

        The function is a public one of a module without Django; it and its arguments are pickled.
        Raises `ServerBusyError` if it takes longer, and `RuntimeError` with its traceback if it fails.
        """
        request = pickle.dumps((function, arguments, seconds), pickle.HIGHEST_PROTOCOL)
        deadline = time.monotonic() + seconds
        try:
            response = self._send(request, deadline)
        except (TimeoutError, _ChildDiedError) as error:
            self._end_child()
            _log.warning("computation_ended", function=function.__qualname__, cause=repr(error))
            raise build_busy_error() from error
        has_returned, result = pickle.loads(response)  # noqa: S301 -- from our own process
        if not has_returned:
            raise RuntimeError(f"the computation failed:\n{result}")
        return cast("T", result)

    def _send(self, request: bytes, deadline: float) -> bytes:
        if self._child is not None and self._child.computations < _MAX_COMPUTATIONS:
            try:
                return self._child.send(request, deadline)
            except _ChildDiedError:
                # It may have been killed long ago, and this computation is not the reason.
                _log.warning("child_restarted")
        self._end_child()
        self._child = _Child()
        return self._child.send(request, deadline)

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()
