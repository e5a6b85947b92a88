"""What people and programs are told while the database or the cache does not answer.

Each case is a registry in a process of its own, whose settings name a service that is not there.
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

from tests.processes.harness import make_environment
from tests.support.data import ROOT

# Nobody listens on port 1.
NO_POSTGRES = "postgres://somebody:secret@127.0.0.1:1/plugport"
NO_REDIS = "redis://127.0.0.1:1/0"
_ASK = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
import django
django.setup()
from django.test import Client
def ask(case):
    method, path, data, cookies = case
    client = Client(raise_request_exception=False)
    client.cookies.load(cookies)
    answer = getattr(client, method)(path, data)
    body = b"".join(answer) if answer.streaming else answer.content
    return answer.status_code, dict(answer.headers), body.decode(errors="replace")
with ThreadPoolExecutor(12) as pool:
    print(json.dumps(list(pool.map(ask, json.load(sys.stdin)))))
"""


def ask(folder: Path, *cases: tuple[str, str, Any, Any], **variables: str) -> list[Any]:
    """Send the requests at once; returns status, headers and body of each."""
    variables = {"PLUGPORT_ALLOWED_HOSTS": "testserver", **variables}
    environment = make_environment(folder, **variables)
    done = subprocess.run(
        [sys.executable, "-c", _ASK],
        cwd=ROOT,
        env=environment,
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "secret" not in done.stdout + done.stderr
    answers: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


def get(path: str, **cookies: str) -> tuple[str, str, Any, Any]:
    return ("get", path, {}, cookies)


def check_page(answer: Any, code: str) -> None:
    status, headers, body = answer
    assert status == 503, body
    assert headers["Content-Type"].startswith("text/html")
    assert headers["Cache-Control"] == "no-store"
    assert int(headers["Retry-After"]) > 0
    assert f"Code {code}" in body
    assert "Traceback" not in body
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def check_problem(answer: Any, code: str) -> None:
    status, headers, body = answer
    assert status == 503, body
    assert headers["Content-Type"] == "application/problem+json"
    assert int(headers["Retry-After"]) > 0
    problem = json.loads(body)
    assert (problem["code"], problem["status"]) == (code, 503)
    assert "127.0.0.1:1" not in body


def test_without_a_database_pages_and_api_say_so(tmp_path: Path) -> None:
    answers = ask(
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
    for page in answers[:5]:
        check_page(page, "database-unavailable")
    for call in answers[5:7]:
        check_problem(call, "database-unavailable")
    assert [answer[0] for answer in answers[7:]] == [200, 200, 503]
    assert json.loads(answers[9][2])["missing"] == ["database"]


def test_a_database_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "plugport.sqlite3").mkdir()
    page, call = ask(tmp_path, get("/search?q=chat"), get("/api/v1/plugins/chat"))
    check_page(page, "database-unavailable")
    check_problem(call, "database-unavailable")


def test_signing_in_without_the_cache_that_counts_attempts(tmp_path: Path) -> None:
    pages = ask(
        tmp_path,
        ("post", "/login", {"login": "acme", "password": "wrong"}, {}),
        get("/login"),
        PLUGPORT_REDIS_URL=NO_REDIS,
    )
    check_page(pages[0], "cache-unavailable")
    assert pages[1][0] == 200


def test_a_table_that_is_missing_is_a_fault_of_ours(tmp_path: Path) -> None:
    """Nothing that time mends: no migration ran on this database."""
    page, call = ask(tmp_path, get("/search?q=chat"), get("/api/v1/plugins/chat"))
    assert (page[0], call[0]) == (500, 500)
    assert "A mistake of ours" in page[2]


@pytest.mark.parametrize("path", ["/", "/search", "/robots.txt", "/no/such/page", "/admin/"])
def test_in_maintenance_pages_answer_503(client, settings, path) -> None:
    """Without asking the database, which is what the operator may be working on."""
    settings.MAINTENANCE = "We move to `another` machine until <noon>."
    answer = client.get(path)
    check_page((answer.status_code, answer.headers, answer.content.decode()), "maintenance")
    assert "<code>another</code> machine until &lt;noon&gt;." in answer.content.decode()


@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
def test_in_maintenance_the_api_answers_503(client, settings, method) -> None:
    settings.MAINTENANCE = "Back at noon."
    answer = getattr(client, method)("/api/v1/plugins/chat")
    check_problem((answer.status_code, answer.headers, answer.content.decode()), "maintenance")
    assert answer.json()["detail"] == "Back at noon."


def test_in_maintenance_health_still_answers(client, settings, db) -> None:
    settings.MAINTENANCE = "Back at noon."
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_page_of_an_outage_is_whole_in_itself(client, settings):
    """It asks for no style sheet, script or picture, and the policy allows the style it brings."""
    settings.MAINTENANCE = "We move to a larger machine."
    answer = client.get("/")
    text = answer.content.decode()
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<(?:link|script|img)\b|url\(", text)
