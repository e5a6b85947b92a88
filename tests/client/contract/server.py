"""The contract server on a loopback port, and the faults that tests ask it for."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.client.contract.app import Answer, App, Request
from tests.client.contract.store import Store

TOKEN = "contract-token-0123456789"
USERNAME = "alice"


@dataclass
class Faults:
    """What goes wrong next. Each entry of the lists serves one request, in order."""

    cut_downloads_after: list[int] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    # Once there are no more cuts: what every download is answered.
    closed_for_downloads: Answer | None = None
    # So many bytes, then nothing more until the test ends; `stalled` tells the test.
    stall_downloads_after: int | None = None
    stalled: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    contract: ContractServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class ContractServer:
    """A registry in this process: `url` and `token` are all that most tests need."""

    def __init__(self) -> None:
        self.store = Store(tokens={TOKEN: USERNAME})
        self.faults = Faults()
        self.requests: list[Request] = []
        self.token = TOKEN
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.contract = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.app = App(self.store, self.url)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.faults.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def list_requests(self, ending: str) -> list[Request]:
        return [request for request in self.requests if request.path.endswith(ending)]


@contextlib.contextmanager
def run_contract_server() -> Iterator[ContractServer]:
    server = ContractServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = int(self.headers.get("content-length", 0))
        headers = {key.lower(): value for key, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        self.server.contract.requests.append(request)
        self._send(self._answer(request), request)

    def _answer(self, request: Request) -> Answer:
        faults = self.server.contract.faults
        if faults.answers:
            return faults.answers.pop(0)
        is_download = request.path.endswith("/download")
        if is_download and faults.closed_for_downloads and not faults.cut_downloads_after:
            return faults.closed_for_downloads
        return self.server.contract.app.handle(request)

    def _send(self, answer: Answer, request: Request) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        faults = self.server.contract.faults
        if request.path.endswith("/download") and answer.status < 300:
            if faults.cut_downloads_after:
                self._hang_up(answer.body[: faults.cut_downloads_after.pop(0)])
                return
            if faults.stall_downloads_after is not None:
                self.wfile.write(answer.body[: faults.stall_downloads_after])
                faults.stalled.set()
                faults.over.wait()
                return
        self.wfile.write(answer.body)

    def _hang_up(self, last: bytes) -> None:
        self.wfile.write(last)
        self.wfile.flush()
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
