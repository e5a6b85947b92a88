"""The real registry for tests of the client: `config.wsgi` in this process, with a faulty network.

The command line reaches it through `transport`, without a socket. Programs in other processes
reach it through `serve`. A `Faults` object changes what passes between the two, and nothing else:
publishing, checks, search and downloads are the application's own.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
from django.conf import settings
from django.db import connections

from accounts.models import User
from config.wsgi import application
from marketplace.search import indexer
from plugport.spec.archive.packer import pack_tree
from registry.jobs.runner import run_pending_jobs
from registry.models import Release
from tests.client.support import write_plugin
from tests.support.publishing import publish_bytes


def publish_plugin(
    actor: User, name: str, version: str = "1.0.0", *, tag: str = "", **plugin: Any
) -> Release:
    """Publish a plugin of `write_plugin` through the pipeline, checks included."""
    package = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        pack_tree(write_plugin(Path(folder), name, version, **plugin), package)
    release = publish_bytes(actor, package.getvalue(), tag=tag)
    run_pending_jobs()
    release.refresh_from_db()
    assert release.state == "published", release.verdict_reason
    return release


class CutConnectionError(httpx.ReadError, ConnectionResetError):
    """The connection ends: httpx's error without a socket, the system's error with one."""

    def __init__(self) -> None:
        super().__init__("connection reset")


@dataclass(frozen=True, slots=True)
class SentRequest:
    """What the application received."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class CannedResponse:
    """A response that a test prescribes, from something that is no registry."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, document: Any, status: int = 200) -> CannedResponse:
        body = json.dumps(document).encode()
        return cls(status, body, {"Content-Type": "application/json"})

    @classmethod
    def from_problem(cls, status: int, code: str, detail: str, **members: Any) -> CannedResponse:
        document = {"type": f"/docs/errors#{code}", "title": code, "status": status, "code": code}
        return cls.from_json({**document, "detail": detail, **members}, status)


@dataclass
class Faults:
    """Faults between client and registry. List entries apply to one request each."""

    cut_downloads_after: list[int] = field(default_factory=list)
    responses: list[CannedResponse] = field(default_factory=list)
    # Replaces the response of every download, once `cut_downloads_after` is used up.
    download_response: CannedResponse | None = None
    # A download sets `stalled` after so many bytes and waits for `stall_ended`.
    stall_downloads_after: int | None = None
    stalled: threading.Event = field(default_factory=threading.Event)
    stall_ended: threading.Event = field(default_factory=threading.Event)
    # Members that replace those of release documents.
    release_members: dict[str, Any] = field(default_factory=dict)
    # Headers of downloads that differ.
    download_headers: dict[str, str] = field(default_factory=dict)
    # The bytes of every download, in place of the package.
    download_body: bytes | None = None
    # Paths with these endings answer 404, as a registry without that feature does.
    missing_endings: tuple[str, ...] = ()


class LocalRegistry:
    """The application of this process; use it inside a test with `db`."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.url: str = settings.BASE_URL
        self.faults = Faults()
        self.requests: list[SentRequest] = []
        # What the worker does with a release, and after how many status requests.
        self.run_worker: Callable[[], object] = run_pending_jobs
        self.polls_before_checks = 0
        self.publish_transport = httpx.WSGITransport(app=self)
        self.transport: httpx.BaseTransport | None = self.publish_transport

    def list_requests(self, ending: str) -> list[SentRequest]:
        return [request for request in self.requests if request.path.endswith(ending)]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        request = _read_request(environ)
        self.requests.append(request)
        if self.faults.responses:
            return _send(self.faults.responses.pop(0), start_response)
        if request.path.endswith(self.faults.missing_endings):
            return _send(CannedResponse.from_problem(404, "not-found", "gone"), start_response)
        self._do_background_work(request)
        if self.faults.release_members:
            # Plain text, so that `_change_release` can read it.
            environ.pop("HTTP_ACCEPT_ENCODING", None)
        response = _call_application(environ)
        if request.path.endswith("/download"):
            return self._send_download(response, start_response)
        if self.faults.release_members:
            _change_release(response, self.faults.release_members)
        return _send(response, start_response)

    def _do_background_work(self, request: SentRequest) -> None:
        """What worker processes do meanwhile: run checks and index changes."""
        if "/publications/" in request.path:
            self.polls_before_checks -= 1
            if self.polls_before_checks < 0:
                self.run_worker()
        if request.method == "GET" and request.path == "/api/v1/plugins":
            indexer.index_changes()

    def _send_download(
        self, response: CannedResponse, start_response: StartResponse
    ) -> Iterator[bytes]:
        faults = self.faults
        if faults.download_response and not faults.cut_downloads_after:
            response = faults.download_response
        if response.status >= 300:
            return _send(response, start_response)
        if faults.download_body is not None:
            response.body = faults.download_body
            response.headers["Content-Length"] = str(len(response.body))
        response.headers.update(faults.download_headers)
        if faults.cut_downloads_after:
            return _send_start(response, start_response, faults.cut_downloads_after.pop(0))
        if faults.stall_downloads_after is not None:
            return self._stall(response, start_response, faults.stall_downloads_after)
        return _send(response, start_response)

    def _stall(
        self, response: CannedResponse, start_response: StartResponse, size_bytes: int
    ) -> Iterator[bytes]:
        start_response(_format_status(response), list(response.headers.items()))
        yield response.body[:size_bytes]
        self.faults.stalled.set()
        self.faults.stall_ended.wait()

    @contextlib.contextmanager
    def serve(self) -> Iterator[None]:
        """Listen on a loopback port, whose address becomes `url`, for other processes.

        The server's thread uses the test's own database connection: only one of the two may be
        busy at a time.
        """
        database = connections["default"]
        database.inc_thread_sharing()
        server = make_server("127.0.0.1", 0, self, _Server, _Handler)
        url, self.url = self.url, f"http://127.0.0.1:{server.server_port}"
        settings.BASE_URL = self.url
        self.transport = None

        def run() -> None:
            connections["default"] = database
            server.serve_forever(0.01)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            self.faults.stall_ended.set()
            server.shutdown()
            thread.join()
            server.server_close()
            self.url = settings.BASE_URL = url
            database.dec_thread_sharing()


class _Server(WSGIServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def _read_request(environ: WSGIEnvironment) -> SentRequest:
    """The request, its body kept for the application to read again."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_") or key in {"CONTENT_TYPE", "CONTENT_LENGTH"}
    }
    path = unquote(environ["PATH_INFO"])
    return SentRequest(environ["REQUEST_METHOD"], path, headers, body)


def _call_application(environ: WSGIEnvironment) -> CannedResponse:
    response = CannedResponse()

    def start_response(status: str, headers: list[tuple[str, str]], _info: Any = None) -> Any:
        response.status, response.headers = int(status[:3]), dict(headers)

    parts = application(environ, start_response)
    try:
        response.body = b"".join(parts)
    finally:
        close: Callable[[], None] | None = getattr(parts, "close", None)
        if close is not None:
            close()
    return response


def _change_release(response: CannedResponse, members: Mapping[str, Any]) -> None:
    """Change every release in a JSON response; what is no release stays."""
    if response.status >= 300 or "json" not in response.headers.get("Content-Type", ""):
        return
    document = json.loads(response.body)
    for release in document.get("versions", [document]):
        if "packageUrl" in release:
            release.update(members)
    response.body = json.dumps(document).encode()
    response.headers["Content-Length"] = str(len(response.body))


def _format_status(response: CannedResponse) -> str:
    return f"{response.status} {'OK' if response.status < 300 else 'Error'}"


def _send(response: CannedResponse, start_response: StartResponse) -> Iterator[bytes]:
    response.headers.setdefault("Content-Length", str(len(response.body)))
    start_response(_format_status(response), list(response.headers.items()))
    return iter([response.body])


def _send_start(
    response: CannedResponse, start_response: StartResponse, size_bytes: int
) -> Iterator[bytes]:
    start_response(_format_status(response), list(response.headers.items()))
    yield response.body[:size_bytes]
    raise CutConnectionError
