"""A DNS server on this machine, over UDP and TCP, with the records that a test gives it."""

from __future__ import annotations

import contextlib
import socketserver
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from accounts.domains.challenge import get_record_name, get_record_value
from accounts.models import OwnerDomain


@dataclass
class DnsServer:
    """The records by name and type, and the queries that arrived.

    Names without records do not exist, nor do those in `gone`. The server fails for the names in
    `failing`, and for all if `is_failing`; it does not answer those in `silent`.
    """

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    is_failing: bool = False
    queries: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.add(".", "SOA", "a.example. b.example. 1 1800 900 604800 86400")

    def add(self, name: str, kind: str, *values: str) -> None:
        """Add records; values in the format of zone files."""
        self.records.setdefault((name, kind), []).extend(values)

    def prove(self, domain: OwnerDomain) -> None:
        """Enter the record that proves the domain."""
        self.add(get_record_name(domain.domain), "TXT", f'"{get_record_value(domain.token)}"')

    def remove(self, domain: str) -> None:
        """Remove the records that prove the domain."""
        self.records.pop((get_record_name(domain), "TXT"), None)

    def answer(self, wire: bytes, max_bytes: int) -> bytes | None:
        """Return the answer to a query, cut if it is longer."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower() or "."
        kind = dns.rdatatype.to_text(question.rdtype)
        self.queries.append((name, kind))
        response = dns.message.make_response(query, recursion_available=True)
        if name in self.silent:
            return None
        if self.is_failing or name in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        else:
            self._fill(response, question.name, name, kind)
        try:
            return response.to_wire(max_size=max_bytes)
        except dns.exception.TooBig:
            short = dns.message.make_response(query, recursion_available=True)
            short.flags |= dns.flags.TC
            return short.to_wire()

    def _fill(self, response: Any, qname: dns.name.Name, name: str, kind: str) -> None:
        for _ in range(5):
            alias = self.records.get((name, "CNAME"))
            if not alias:
                break
            response.answer.append(dns.rrset.from_text(qname, 60, "IN", "CNAME", *alias))
            qname = dns.name.from_text(alias[0])
            name = qname.to_text(omit_final_dot=True)
        if found := self.records.get((name, kind)):
            response.answer.append(dns.rrset.from_text(qname, 60, "IN", kind, *found))
        elif not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)


@contextlib.contextmanager
def open_dns_server(settings: Any) -> Iterator[DnsServer]:
    """Start a server, and let the registry query it alone."""
    state = DnsServer()

    class Udp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, socket = self.request
            answer = state.answer(wire, 512)
            if answer is not None:
                socket.sendto(answer, self.client_address)

    class Tcp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            (size,) = struct.unpack("!H", self.request.recv(2, 0x100))  # MSG_WAITALL
            answer = state.answer(self.request.recv(size, 0x100), 65_535)
            if answer is not None:
                self.request.sendall(struct.pack("!H", len(answer)) + answer)

    # The port of the one has to be free for the other.
    with contextlib.ExitStack() as stack:
        udp, tcp = _bind_both(stack, Udp, Tcp)
        for server in (udp, tcp):
            threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
            ).start()
            stack.callback(server.shutdown)
        settings.DNS_SERVERS = (("127.0.0.1", udp.server_address[1]),)
        yield state


def _bind_both(stack: contextlib.ExitStack, udp_handler: Any, tcp_handler: Any) -> tuple[Any, Any]:
    for _ in range(20):
        tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), tcp_handler)
        tcp.daemon_threads = True
        try:
            udp = socketserver.ThreadingUDPServer(tcp.server_address, udp_handler)
        except OSError:
            tcp.server_close()
            continue
        udp.daemon_threads = True
        stack.enter_context(tcp)
        stack.enter_context(udp)
        return udp, tcp
    raise RuntimeError("no port is free for UDP and TCP")
