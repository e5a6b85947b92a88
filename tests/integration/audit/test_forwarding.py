"""The audit log reaches a real syslog server over TLS, at least once, and an outage stops nothing."""

from __future__ import annotations

import json
import queue
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.audit.forwarding import REPEATED_ENTRIES, SyslogForwarder, find_forwarding_problem
from accounts.audit.sealer import seal_entries
from accounts.models import AuditForwarding, AuditSeal, User
from tests.support.certificates import write_certificate

pytestmark = pytest.mark.django_db
_WAIT_SECONDS = 30


class SyslogServer:
    """Accepts TLS connections on a port of this machine and collects the messages of each."""

    def __init__(self, certificate: tuple[str, str], port: int = 0) -> None:
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(*certificate)
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self.messages: queue.Queue[bytes] = queue.Queue()
        self._connections: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            with suppress(OSError):
                connection = self._context.wrap_socket(plain, server_side=True)
                self._connections.append(connection)
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: ssl.SSLSocket) -> None:
        with suppress(OSError, ValueError), connection.makefile("rb") as stream:
            while True:
                length = b""
                while (digit := stream.read(1)) not in (b" ", b""):
                    length += digit
                if not length:
                    break
                self.messages.put(stream.read(int(length)))
        connection.close()

    def take(self, count: int) -> list[dict[str, Any]]:
        """The bodies of the next messages."""
        messages = [self.messages.get(timeout=_WAIT_SECONDS) for _ in range(count)]
        return [json.loads(each.partition(b"\xef\xbb\xbf")[2]) for each in messages]

    def disconnect(self) -> None:
        """Close the connections of all clients."""
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._connections.clear()

    def close(self) -> None:
        """Stop listening too."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.disconnect()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    return write_certificate(tmp_path, "syslog of a test")


@contextmanager
def run_server(
    certificate: tuple[str, str], settings: Any, port: int = 0
) -> Iterator[SyslogServer]:
    server = SyslogServer(certificate, port)
    settings.AUDIT_SYSLOG_URL = f"syslog+tls://127.0.0.1:{server.port}"
    settings.AUDIT_SYSLOG_CA = certificate[0]
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def forwarder() -> Iterator[SyslogForwarder]:
    made = SyslogForwarder()
    yield made
    made.close()


@pytest.fixture
def act(owner: User) -> Callable[[int], None]:
    """Write and seal that many entries."""

    def write(count: int) -> None:
        for _ in range(count):
            record_audit_entry(actor=owner, action="email.verified", target=owner)
        seal_entries()

    return write


def test_entries_arrive_in_order_in_the_format_of_syslog(
    certificate: tuple[str, str],
    forwarder: SyslogForwarder,
    act: Callable[[int], None],
    settings: Any,
) -> None:
    with run_server(certificate, settings) as server:
        act(3)
        assert forwarder.run() is None
        first = server.messages.get(timeout=_WAIT_SECONDS)
        head, _, body = first.partition(b"\xef\xbb\xbf")
        pattern = rb"<109>1 \S+Z \S+ plugport - email\.verified \[origin [^]]+\]\[meta sequenceId=\"1\"\] "
        assert re.fullmatch(pattern, head)
        event = json.loads(body)
        assert (event["sequence"], event["actor"], event["target"]) == (1, "acme", "acme")
        assert [each["sequence"] for each in server.take(2)] == [2, 3]
        act(1)
        forwarder.run()
        assert [each["sequence"] for each in server.take(1)] == [4]
        assert AuditForwarding.objects.get().sequence == 4
        assert find_forwarding_problem() == ""


def test_after_a_lost_connection_the_last_entries_come_again(
    certificate: tuple[str, str],
    forwarder: SyslogForwarder,
    act: Callable[[int], None],
    settings: Any,
) -> None:
    with run_server(certificate, settings) as server:
        act(REPEATED_ENTRIES + 5)
        forwarder.run()
        server.take(REPEATED_ENTRIES + 5)
        # More than a minute ago, so that the number of entries decides.
        AuditForwarding.objects.update(older_sequence=REPEATED_ENTRIES + 5)
        server.disconnect()
        act(1)
        pauses = [forwarder.run(), forwarder.run()]
        assert None in pauses
        again = [each["sequence"] for each in server.take(REPEATED_ENTRIES + 1)]
        assert again == list(range(6, REPEATED_ENTRIES + 7))


def test_what_was_sent_in_the_last_minute_comes_again(
    certificate: tuple[str, str], act: Callable[[int], None], settings: Any
) -> None:
    with run_server(certificate, settings) as server:
        act(REPEATED_ENTRIES + 5)
        first = SyslogForwarder()
        first.run()
        server.take(REPEATED_ENTRIES + 5)
        first.close()
        # The process ended, and its lease ran out.
        AuditForwarding.objects.update(held_until="2020-01-01T00:00:00Z")
        second = SyslogForwarder()
        second.run()
        second.close()
        again = [each["sequence"] for each in server.take(REPEATED_ENTRIES + 5)]
        assert again == list(range(1, REPEATED_ENTRIES + 6))


def test_one_process_sends_at_a_time(
    certificate: tuple[str, str],
    forwarder: SyslogForwarder,
    act: Callable[[int], None],
    settings: Any,
) -> None:
    with run_server(certificate, settings) as server:
        act(1)
        assert forwarder.run() is None
        other = SyslogForwarder()
        assert other.run() is not None
        assert server.take(1)[0]["sequence"] == 1
        act(1)
        other.run()
        forwarder.run()
        assert server.take(1)[0]["sequence"] == 2
        assert server.messages.empty()


def test_an_outage_stops_no_act_and_is_visible(
    certificate: tuple[str, str],
    forwarder: SyslogForwarder,
    act: Callable[[int], None],
    settings: Any,
    client: Client,
    create_user: Callable[..., User],
) -> None:
    with run_server(certificate, settings) as server:
        port = server.port
    act(2)
    assert forwarder.run() == 2.0
    assert forwarder.run() == 4.0
    assert "refused" in find_forwarding_problem()
    assert client.get("/readyz").json()["auditForwarding"] == "failing"
    client.force_login(create_user("root", is_superuser=True))
    assert "Entries do not reach the syslog server" in client.get("/audit").content.decode()
    act(1)
    with run_server(certificate, settings, port) as server:
        assert forwarder.run() is None
        sealed = AuditSeal.objects.count()
        assert [each["sequence"] for each in server.take(sealed)] == list(range(1, sealed + 1))
        assert client.get("/readyz").json()["auditForwarding"] == "ok"


def test_a_server_with_another_certificate_gets_nothing(
    certificate: tuple[str, str],
    forwarder: SyslogForwarder,
    act: Callable[[int], None],
    settings: Any,
    tmp_path: Path,
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with run_server(certificate, settings) as server:
        settings.AUDIT_SYSLOG_CA = write_certificate(other, "somebody else")[0]
        act(1)
        assert forwarder.run() is not None
        assert "self-signed certificate" in find_forwarding_problem()
        # The name in the URL must be that of the certificate.
        settings.AUDIT_SYSLOG_CA = certificate[0]
        settings.AUDIT_SYSLOG_URL = f"syslog+tls://localhost:{server.port}"
        assert forwarder.run() is not None
        assert "localhost" in find_forwarding_problem()
        assert server.messages.empty()


def test_without_a_server_nothing_is_said(client: Client, act: Callable[[int], None]) -> None:
    act(1)
    assert find_forwarding_problem() == ""
    assert "auditForwarding" not in client.get("/readyz").json()
