"""A TCP proxy on this machine that simulates outages of a service."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from tests.support.server import find_free_port


class Proxy:
    """Forwards connections to `target` unless it is cut."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._guard = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.port = find_free_port()
        self._is_flowing = threading.Event()
        self._is_flowing.set()
        self.restore()

    def restore(self) -> None:
        """Listen again on the same port."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Refuse new connections and close the open ones."""
        self.refuse()
        self.drop()

    def refuse(self) -> None:
        """Refuse new connections; keep the open ones."""
        if self._listener is not None:
            # Closing alone would not end an `accept` that is waiting.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            with self._guard:
                # A connection that was accepted a moment ago is closed, not added to those.
                self._listener = None

    def drop(self) -> None:
        """Close the open connections; accept new ones."""
        with self._guard:
            sockets, self._sockets = self._sockets, set()
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def freeze(self) -> None:
        """Keep and accept connections, but pass nothing on: the service hangs."""
        self._is_flowing.clear()

    def thaw(self) -> None:
        """Pass everything on again, also what arrived meanwhile."""
        self._is_flowing.set()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            with self._guard:
                is_cut = self._listener is not listener
                if not is_cut:
                    self._sockets |= {client, server}
            if is_cut:
                client.close()
                server.close()
                continue
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self._is_flowing.wait()
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        with self._guard:
            self._sockets -= {source, target}
        source.close()


@contextlib.contextmanager
def open_proxy(host: str, port: int) -> Iterator[Proxy]:
    """Run a proxy until the end of the context."""
    proxy = Proxy(host, port)
    try:
        yield proxy
    finally:
        proxy.thaw()
        proxy.cut()
