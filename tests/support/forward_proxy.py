"""A proxy for HTTP, CONNECT and SOCKS5 on this machine, which records its requests."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit


class ForwardProxy:
    """Connects every request to `target`, whatever host it names.

    `requests` has a line for each. `response` replaces the response, whatever the request.
    """

    def __init__(self, target: tuple[str, int], response: bytes | None = None) -> None:
        self.requests: list[str] = []
        self.response = response
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            first = client.recv(1, socket.MSG_PEEK)
            if self.response is not None:
                client.recv(4096)
                self.requests.append("refused")
                client.sendall(self.response)
            elif first == b"\x05":
                self._serve_socks(client)
            else:
                self._serve_http(client)

    def _serve_socks(self, client: socket.socket) -> None:
        """RFC 1928 without authentication, and with the user name and password of RFC 1929."""
        _, count = client.recv(2)
        methods = client.recv(count)
        if b"\x02" in methods:
            client.sendall(b"\x05\x02")
            _, length = client.recv(2)
            name = client.recv(length)
            password = client.recv(client.recv(1)[0])
            self.requests.append(f"auth {name.decode()}:{password.decode()}")
            client.sendall(b"\x01\x00")
        else:
            client.sendall(b"\x05\x00")
        kind = client.recv(4)[3]
        length = {1: 4, 4: 16}.get(kind) or client.recv(1)[0]
        client.recv(length + 2)
        self.requests.append("socks")
        with socket.create_connection(self._target) as server:
            client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            join(client, server)

    def _serve_http(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.decode().split()
        self.requests.append(f"{method} {target}")
        with socket.create_connection(self._target) as server:
            if method == "CONNECT":
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                parts = urlsplit(target)
                path = f"{parts.path}?{parts.query}" if parts.query else parts.path
                server.sendall(f"{method} {path} {version}\r\n".encode() + rest)
            join(client, server)

    def close(self) -> None:
        """Refuse new connections."""
        # Closing alone would not end an `accept` that is waiting.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class TlsEndpoint:
    """Accepts TLS and forwards it in plain text to `target`."""

    def __init__(self, target: tuple[str, int], certificate: str, key: str) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with (
            contextlib.suppress(OSError),
            self._context.wrap_socket(client, server_side=True) as secure,
            socket.create_connection(self._target) as server,
        ):
            join(secure, server)

    def close(self) -> None:
        """Refuse new connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def join(client: socket.socket, server: socket.socket) -> None:
    """Pass on the bytes of both sides until one of them ends."""

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    thread = threading.Thread(target=pass_on, args=(server, client), daemon=True)
    thread.start()
    pass_on(client, server)
    thread.join(10)


@contextlib.contextmanager
def open_forward_proxy(
    target: tuple[str, int], response: bytes | None = None
) -> Iterator[ForwardProxy]:
    """Run a proxy until the end of the context."""
    proxy = ForwardProxy(target, response)
    try:
        yield proxy
    finally:
        proxy.close()


@contextlib.contextmanager
def open_tls_endpoint(target: tuple[str, int], certificate: str, key: str) -> Iterator[TlsEndpoint]:
    """Run an endpoint until the end of the context."""
    endpoint = TlsEndpoint(target, certificate, key)
    try:
        yield endpoint
    finally:
        endpoint.close()
