"""A code host on this machine, which serves the files of public repositories."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from accounts.domains.challenge import get_record_value
from accounts.models import OwnerDomain
from common.http.safe import PrivateHosts
from tests.support.odd_server import OddServer, build_response

HOST = "code.example"


class CodeHost:
    """The files by namespace. Other addresses return 404."""

    def __init__(self, server: OddServer) -> None:
        self.server = server

    def get_path(self, namespace: str) -> str:
        return f"/{namespace}/plugport-verification/HEAD/plugport-verification.txt"

    def write(self, namespace: str, content: bytes) -> None:
        """Put the file into the repository of the namespace."""
        answer = build_response(content, media_type="text/plain")
        self.server.answers[self.get_path(namespace)] = answer

    def prove(self, domain: OwnerDomain) -> None:
        """Put the token into the file."""
        namespace = domain.domain.partition("/")[2]
        self.write(namespace, f"# Proof\n{get_record_value(domain.token)}\n".encode())

    def remove(self, namespace: str) -> None:
        """Delete the file."""
        self.server.answers.pop(self.get_path(namespace), None)


@contextlib.contextmanager
def open_code_host(settings: Any) -> Iterator[CodeHost]:
    """Start the host, which the registry knows as `code.example`."""
    server = OddServer()
    host = CodeHost(server)
    settings.PROOF_FILES = {HOST: server.url + host.get_path("{namespace}")}
    settings.PROOF_PRIVATE_HOSTS = PrivateHosts.parse([f"127.0.0.1:{server.port}"])
    try:
        yield host
    finally:
        server.close()
