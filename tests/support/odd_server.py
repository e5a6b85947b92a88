"""A server on this machine that answers as a test tells it, badly if need be."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

Answer = bytes | Callable[["OddServer", socket.socket], None]


def make_answer(
    body: bytes, *, media_type: str = "image/png", status: str = "200 OK", **headers: str
) -> bytes:
    """A whole answer with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect_to(address: str, status: str = "302 Found") -> bytes:
    """An answer that sends the client elsewhere."""
    return make_answer(b"", status=status, Location=address)


class OddServer:
    """Answers by path; keeps what it was asked. What has no answer is 404."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        self.is_over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                part = client.recv(4096)
                if not part:
                    return
                head += part
            text = head.decode("latin-1")
            self.requests.append(text)
            answer = self.answers.get(text.split()[1], make_answer(b"", status="404 Not Found"))
            if callable(answer):
                answer(self, client)
            else:
                client.sendall(answer)

    def close(self) -> None:
        """Take no more connections, and let those that hang end."""
        self.is_over.set()
        self._listener.close()


def drip(start: bytes) -> Answer:
    """An answer that begins so, and then goes on by a byte every 20 ms for ever."""

    def send(server: OddServer, client: socket.socket) -> None:
        client.sendall(start)
        while not server.is_over.wait(0.02):
            client.sendall(b"x")

    return send


def stream(start: bytes, chunk: bytes) -> Answer:
    """An answer that never ends, as fast as the client takes it."""

    def send(server: OddServer, client: socket.socket) -> None:
        client.sendall(start)
        while not server.is_over.is_set():
            client.sendall(chunk)

    return send


@contextlib.contextmanager
def open_server() -> Iterator[OddServer]:
    """The server for as long as the context lasts."""
    server = OddServer()
    try:
        yield server
    finally:
        server.close()
