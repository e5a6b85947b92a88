"""Close connections of clients that do not read. Granian, which has accepted them, cannot.

When the application gives a response up, Granian still waits until the client has taken what is buffered,
however long that is. The sockets are found in the list of open files of this process (Linux).
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

_OPEN_FILES = Path("/proc/self/fd")
# Close at once, and drop what is buffered (`SO_LINGER` in socket(7)).
_NO_LINGER = struct.pack("ii", 1, 0)


def limit_unread_time(seconds: float) -> int:
    """Let the kernel close each future connection that takes no data for that time (RFC 5482).

    Returns the number of sockets on which this process listens.
    """
    number = 0
    for each in _iter_sockets():
        with contextlib.suppress(OSError):
            is_listening = each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if is_listening and each.family in (socket.AF_INET, socket.AF_INET6):
                # Sockets that it accepts have the same option.
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
                number += 1
    return number


def reset_connection(address: str, port: int) -> bool:
    """Close the connection with that client, without sending the rest. Whether there was one."""
    for each in _iter_sockets():
        with contextlib.suppress(OSError):
            if each.getpeername()[:2] == (address, port):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                each.shutdown(socket.SHUT_RDWR)
                return True
    return False


def _iter_sockets() -> Iterator[socket.socket]:
    """The sockets of this process, each open until the next one."""
    try:
        links = list(_OPEN_FILES.iterdir())
    except OSError:
        return  # not on Linux
    for link in links:
        try:
            if not str(link.readlink()).startswith("socket:"):
                continue
            number = os.dup(int(link.name))
        except OSError:
            continue  # closed in the meantime
        try:
            copy = socket.socket(fileno=number)
        except OSError:
            os.close(number)  # replaced by another kind of file
            continue
        with copy:
            yield copy
