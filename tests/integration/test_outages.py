"""Responses while the database or the cache is unavailable.

Cases of `send` run a registry in its own process, configured with a service that does not exist.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes.harness import build_environment
from tests.support.data import ROOT

# No process listens on port 1.
NO_POSTGRES = "postgres://somebody:secret@127.0.0.1:1/plugport"
NO_REDIS = "redis://127.0.0.1:1/0"
_PROGRAM = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
import django
django.setup()
from django.test import Client
def send(case):
    method, path, data, cookies = case
    client = Client(raise_request_exception=False)
    client.cookies.load(cookies)
    response = getattr(client, method)(path, data)
    body = b"".join(response) if response.streaming else response.content
    return response.status_code, dict(response.headers), body.decode(errors="replace")
with ThreadPoolExecutor(12) as pool:
    print(json.dumps(list(pool.map(send, json.load(sys.stdin)))))
"""


def send(folder: Path, *cases: tuple[str, str, Any, Any], **variables: str) -> list[Any]:
    """Send the requests at the same time; returns status, headers and body of each."""
    variables = {"PLUGPORT_ALLOWED_HOSTS": "testserver", **variables}
    environment = build_environment(folder, **variables)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=ROOT,
        env=environment,
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "secret" not in done.stdout + done.stderr
    responses: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return responses


def get(path: str, **cookies: str) -> tuple[str, str, Any, Any]:
    return ("get", path, {}, cookies)


def check_page(response: Any, code: str) -> None:
    status, headers, body = response
    assert status == 503, body
    assert headers["Content-Type"].startswith("text/html")
    assert headers["Cache-Control"] == "no-store"
    assert int(headers["Retry-After"]) > 0
    assert f"Code {code}" in body
    assert "Traceback" not in body
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def check_problem(response: Any, code: str) -> None:
    status, headers, body = response
    assert status == 503, body
    assert headers["Content-Type"] == "application/problem+json"
    assert int(headers["Retry-After"]) > 0
    problem = json.loads(body)
    assert (problem["code"], problem["status"]) == (code, 503)
    assert "127.0.0.1:1" not in body


@pytest.mark.processes
def test_without_a_database_pages_and_api_respond_503(tmp_path: Path) -> None:
    responses = send(
        tmp_path,
        get("/"),
        get("/plugins/@acme/chat"),
        get("/docs", sessionid="0123456789abcdef0123456789abcdef"),
        ("post", "/login", {"login": "acme", "password": "x"}, {}),
        get("/feeds/new.atom"),
        get("/api/v1/plugins/@acme/chat"),
        get("/api/v1/plugins"),
        get("/docs"),
        get("/healthz"),
        get("/readyz"),
        DATABASE_URL=NO_POSTGRES,
    )
    for page in responses[:5]:
        check_page(page, "database-unavailable")
    for call in responses[5:7]:
        check_problem(call, "database-unavailable")
    assert [response[0] for response in responses[7:]] == [200, 200, 503]
    assert json.loads(responses[9][2])["missing"] == ["database"]


@pytest.mark.processes
def test_a_database_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "plugport.sqlite3").mkdir()
    page, call = send(tmp_path, get("/search?q=chat"), get("/api/v1/plugins/chat"))
    check_page(page, "database-unavailable")
    check_problem(call, "database-unavailable")


@pytest.mark.processes
def test_sign_in_without_the_cache(tmp_path: Path, empty_database: bytes) -> None:
    # The form lists the ways to sign in.
    (tmp_path / "plugport.sqlite3").write_bytes(empty_database)
    pages = send(
        tmp_path,
        ("post", "/login", {"login": "acme", "password": "wrong"}, {}),
        get("/login"),
        PLUGPORT_REDIS_URL=NO_REDIS,
    )
    check_page(pages[0], "cache-unavailable")
    assert pages[1][0] == 200


@pytest.mark.processes
def test_a_missing_table_is_an_internal_error(tmp_path: Path) -> None:
    """A retry cannot help: no migration ran on this database."""
    page, call = send(tmp_path, get("/search?q=chat"), get("/api/v1/plugins/chat"))
    assert (page[0], call[0]) == (500, 500)
    assert "Something went wrong" in page[2]


@pytest.mark.parametrize("path", ["/", "/search", "/robots.txt", "/no/such/page", "/admin/"])
def test_in_maintenance_pages_answer_503(client, settings, path) -> None:
    """Without the database, which may be what the operator is working on."""
    settings.MAINTENANCE = "We move to `another` machine until <noon>."
    response = client.get(path)
    check_page((response.status_code, response.headers, response.content.decode()), "maintenance")
    assert "<code>another</code> machine until &lt;noon&gt;." in response.content.decode()


@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
def test_in_maintenance_the_api_answers_503(client, settings, method) -> None:
    settings.MAINTENANCE = "Back at noon."
    response = getattr(client, method)("/api/v1/plugins/chat")
    check_problem(
        (response.status_code, response.headers, response.content.decode()), "maintenance"
    )
    assert response.json()["detail"] == "Back at noon."


def test_in_maintenance_health_checks_respond(client, settings, db) -> None:
    settings.MAINTENANCE = "Back at noon."
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_outage_page_is_self_contained(client, settings):
    """It loads no style sheet, script or image, and the policy allows its inline style."""
    settings.MAINTENANCE = "We move to a larger machine."
    response = client.get("/")
    text = response.content.decode()
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in response.headers["Content-Security-Policy"]
    assert not re.search(r"<(?:link|script|img)\b|url\(", text)
