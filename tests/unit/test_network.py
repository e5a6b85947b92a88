"""The test suite itself: no test can connect to another machine, in any order."""

from __future__ import annotations

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


@pytest.mark.filterwarnings("ignore:A test tried to use")
@pytest.mark.parametrize("host", ["192.0.2.1", "192.0.2.2", "2001:db8::1"])
def test_other_hosts_are_blocked(host):
    """Documentation addresses (RFC 5737, RFC 3849), in several tests: the guard stays active."""
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection((host, 9), timeout=0.1)


def test_this_machine_is_allowed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
