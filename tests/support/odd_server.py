"""A server on this machine with the responses that a test sets, including malformed ones."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

Answer = bytes | Callable[["OddServer", socket.socket], None]


def build_response(
    body: bytes, *, media_type: str = "image/png", status: str = "200 OK", **headers: str
) -> bytes:
    """Build a complete response with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
    # So that the client does not send its next request on a connection that is being closed.
    lines.append("Connection: close")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect_to(address: str, status: str = "302 Found") -> bytes:
    """Build a redirect."""
    return build_response(b"", status=status, Location=address)


class OddServer:
    """Responds by path and records the requests. Other paths return 404."""

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
            response = self.answers.get(
                text.split()[1], build_response(b"", status="404 Not Found")
            )
            if callable(response):
                response(self, client)
            else:
                client.sendall(response)

    def close(self) -> None:
        """Stop accepting connections, and end those that are waiting."""
        self.is_over.set()
        self._listener.close()


def drip(start: bytes) -> Answer:
    """A response with this start, followed by one byte every 20 ms without end."""

    def send(server: OddServer, client: socket.socket) -> None:
        client.sendall(start)
        while not server.is_over.wait(0.02):
            client.sendall(b"x")

    return send


def stream(start: bytes, chunk: bytes) -> Answer:
    """An endless response, as fast as the client reads it."""

    def send(server: OddServer, client: socket.socket) -> None:
        client.sendall(start)
        while not server.is_over.is_set():
            client.sendall(chunk)

    return send


@contextlib.contextmanager
def open_server() -> Iterator[OddServer]:
    """Run the server until the end of the context."""
    server = OddServer()
    try:
        yield server
    finally:
        server.close()
