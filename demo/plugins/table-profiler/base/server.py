"""The HTTP service: /health and /profile."""

from __future__ import annotations

import csv
import io
import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from profile_table import profile_rows

PORT = 8000
MAX_BODY_BYTES = 16 << 20


class Handler(BaseHTTPRequestHandler):
    """One request; bodies are read up to their declared length and no further."""

    server_version = "table-profiler"
    timeout = 30

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(HTTPStatus.OK, {"status": "ok"})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"detail": "there are /health and /profile"})

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/profile":
            self._answer(HTTPStatus.NOT_FOUND, {"detail": "post to /profile"})
        elif not length.isdecimal():
            self._answer(HTTPStatus.LENGTH_REQUIRED, {"detail": "Content-Length is missing"})
        elif int(length) > MAX_BODY_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"detail": "at most 16 MiB"})
        else:
            self._profile(self.rfile.read(int(length)))

    def _profile(self, body: bytes) -> None:
        try:
            rows = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
            self._answer(HTTPStatus.OK, profile_rows(rows))
        except (UnicodeDecodeError, csv.Error) as error:
            self._answer(HTTPStatus.BAD_REQUEST, {"detail": f"this is no CSV in UTF-8: {error}"})

    def _answer(self, status: HTTPStatus, value: dict[str, object]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()
