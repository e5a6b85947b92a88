"""Connections of clients that do not read, with real sockets on the loopback interface."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from gateway.connections import limit_unread_time, reset_connection


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def read_all(connection: socket.socket) -> bytes:
    received = b""
    while piece := connection.recv(100_000):
        received += piece
    return received


def test_accepted_connections_have_a_time_limit(listener: socket.socket) -> None:
    assert limit_unread_time(75.0) >= 1
    with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
        limit_ms = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert limit_ms == 75_000


def test_a_connection_is_reset_with_what_is_buffered(listener: socket.socket) -> None:
    with socket.socket() as client, socket.socket() as other:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for each in (client, other):
            each.settimeout(60)
            each.connect(listener.getsockname())
        with listener.accept()[0] as accepted, listener.accept()[0] as kept:
            accepted.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while accepted.send(b"x" * 100_000):
                    pass
            assert reset_connection(*client.getsockname())
            accepted.close()
            # Not after what was buffered.
            with pytest.raises(ConnectionResetError):
                read_all(client)
            kept.sendall(b"still open")
            assert other.recv(100) == b"still open"


def test_no_connection_with_that_client(listener: socket.socket) -> None:
    assert not reset_connection("127.0.0.1", listener.getsockname()[1])
