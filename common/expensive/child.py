"""The program of the child process that computes: `python -m common.expensive.child FD`.

Reads requests from a socket and writes responses to it. Each message is its length in eight bytes
and a pickle: of a function with its arguments and its time limit in seconds, or of whether it
returned and its result or traceback. Ends when the other end of the socket is closed, which happens
when the parent dies, or when a function exceeds its time limit.

Imports no Django, so that the process starts in a tenth of a second and stays small.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import socket
import struct
import sys
import traceback
from contextlib import suppress
from typing import Any

LENGTH = struct.Struct(">Q")
_MAX_MEMORY_BYTES = 768 << 20
# Web processes go first, but this one still gets a third of their share of a busy core.
_NICENESS = 5


def serve(connection: socket.socket) -> None:
    """Compute until the connection is closed."""
    with connection, connection.makefile("rb") as requests:
        while header := requests.read(LENGTH.size):
            request = requests.read(LENGTH.unpack(header)[0])
            response = pickle.dumps(_compute(request), pickle.HIGHEST_PROTOCOL)
            connection.sendall(LENGTH.pack(len(response)) + response)


def _compute(request: bytes) -> tuple[bool, Any]:
    try:
        function, arguments, seconds = pickle.loads(request)  # noqa: S301 -- from the parent
        # Without a handler the signal ends this process, also inside of code in C.
        signal.setitimer(signal.ITIMER_REAL, seconds)
        return True, function(*arguments)
    except Exception:  # noqa: BLE001 -- the parent raises an error with the traceback
        return False, traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    """Serve the socket whose file descriptor is the argument."""
    # Ctrl+C reaches all processes of a terminal; this one ends with its parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(_NICENESS)
    with suppress(ValueError, OSError):  # the hard limit is lower already
        resource.setrlimit(resource.RLIMIT_DATA, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    # The parent died while this process computed.
    with suppress(BrokenPipeError, ConnectionResetError):
        serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
