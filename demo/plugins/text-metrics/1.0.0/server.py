"""The HTTP service: /health and /measure."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from metrics import measure

PORT = 8000
MAX_BODY_BYTES = 1 << 20


class Handler(BaseHTTPRequestHandler):
    """One request; bodies are read up to their declared length and no further."""

    server_version = "text-metrics"
    timeout = 10

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(HTTPStatus.OK, {"status": "ok"})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"detail": "there are /health and /measure"})

    def do_POST(self) -> None:
        if self.path != "/measure":
            self._answer(HTTPStatus.NOT_FOUND, {"detail": "post to /measure"})
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self._answer(HTTPStatus.LENGTH_REQUIRED, {"detail": "Content-Length is missing"})
        elif int(length) > MAX_BODY_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"detail": "at most 1 MiB"})
        else:
            self._measure(self.rfile.read(int(length)))

    def _measure(self, body: bytes) -> None:
        try:
            text = json.loads(body)["text"]
        except (ValueError, KeyError, TypeError, RecursionError):
            text = None
        if isinstance(text, str):
            self._answer(HTTPStatus.OK, measure(text))
        else:
            self._answer(HTTPStatus.BAD_REQUEST, {"detail": 'expected {"text": "..."}'})

    def _answer(self, status: HTTPStatus, value: dict[str, object]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()
