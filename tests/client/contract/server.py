"""The contract server on a loopback port, and the faults that tests ask it for."""

from __future__ import annotations

import contextlib
import socket
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
    """What goes wrong next. Each entry serves one download, in order."""

    cut_downloads_after: list[int] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


class ContractServer:
    """A registry in this process: `url` and `token` are all that most tests need."""

    def __init__(self) -> None:
        self.store = Store(tokens={TOKEN: USERNAME})
        self.faults = Faults()
        self.requests: list[Request] = []
        self.token = TOKEN
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.app = App(self.store, self.url)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
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


def _make_handler(server: ContractServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
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
            server.requests.append(request)
            if server.faults.answers:
                answer = server.faults.answers.pop(0)
            else:
                answer = server.app.handle(request)
            self._send(answer, is_download=request.path.endswith("/download"))

        def _send(self, answer: Answer, *, is_download: bool) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            cuts = server.faults.cut_downloads_after
            if is_download and cuts:
                self.wfile.write(answer.body[: cuts.pop(0)])
                self.wfile.flush()
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.wfile.write(answer.body)

    return Handler
