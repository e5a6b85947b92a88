"""Every error under `/api` is a problem document (RFC 9457) without a traceback."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from tests.functional.api.calls import Api, expect_problem


@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v2/plugins",
        "/api/v1/plugins/",
        "/api/v1/plugins/a/1.0.0/download/more",
        "/api/v1/plugins/a/1.0.0/nothing",
        "/api/nothing",
        "/api/v1/..%2f..%2fetc",
        "/api/v1/%00",
        "/api/v1/" + "x" * 8000,
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_unknown_paths(api: Api, path: str, method: str) -> None:
    response = api.call(method, path)
    if method == "HEAD":
        assert response.status_code == 404
        return
    expect_problem(response, 404, "missing")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/plugins", "GET, POST, HEAD, OPTIONS"),
        ("PUT", "/plugins", "GET, POST, HEAD, OPTIONS"),
        ("POST", "/plugins/featured", "GET, HEAD, OPTIONS"),
        ("POST", "/plugins/a", "GET, PUT, PATCH, HEAD, OPTIONS"),
        ("DELETE", "/plugins/a", "GET, PUT, PATCH, HEAD, OPTIONS"),
        ("POST", "/plugins/a/1.0.0", "GET, HEAD, OPTIONS"),
        ("GET", "/plugins/a/1.0.0/yank", "POST, OPTIONS"),
        ("HEAD", "/plugins/a/1.0.0/yank", "POST, OPTIONS"),
        ("POST", "/plugins/a/1.0.0/download", "GET, HEAD, OPTIONS"),
        ("PATCH", "/tags", "GET, HEAD, OPTIONS"),
        ("TRACE", "/tags", "GET, HEAD, OPTIONS"),
        ("INVENTED", "/tags", "GET, HEAD, OPTIONS"),
        ("POST", "/me", "GET, HEAD, OPTIONS"),
        ("POST", "/openapi.json", "GET, HEAD, OPTIONS"),
    ],
)
def test_wrong_methods(api: Api, method: str, path: str, allowed: str) -> None:
    response = api.call(method, path)
    assert response.headers["Allow"] == allowed
    if method == "HEAD":
        assert response.status_code == 405
        return
    problem = expect_problem(response, 405, "method-not-allowed")
    assert method in problem["detail"]


def test_options_answers(api: Api) -> None:
    response = api.call("OPTIONS", "/plugins")
    assert response.status_code == 200
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_unknown_host(api: Api) -> None:
    expect_problem(api.get("/plugins", headers={"Host": "evil.example"}), 400, "malformed-request")


def test_internal_errors_have_no_details(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """A missing table stands for a bug of the server."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registry_plugin RENAME TO registry_hidden")
    problem = expect_problem(api.get("/plugins/chat"), 500, "internal-error")
    assert set(problem) == {"type", "title", "status", "code", "detail"}
    assert "registry_plugin" not in str(problem)
    assert "api_failed" in caplog.text
    assert "registry_plugin" in caplog.text


def test_body_of_unknown_length(author: Api) -> None:
    headers = {"Transfer-Encoding": "chunked"}
    for path in ("/plugins", "/plugins/@acme/chat/1.0.0/yank"):
        problem = expect_problem(author.call("POST", path, headers=headers), 411, "length-required")
        assert "Content-Length" in problem["hint"]


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense", ""])
def test_any_accept_header_gets_json(api: Api, accept: str) -> None:
    response = api.get("/plugins", headers={"Accept": accept})
    assert response.headers["Content-Type"] == "application/json"
    expect_problem(api.get("/nothing", headers={"Accept": accept}), 404, "missing")
    expect_problem(api.get("/plugins/nothing", headers={"Accept": accept}), 404, "unknown-plugin")


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [("abc-123", True), ("a" * 64, True), ("a" * 65, False), ("a b", False), ("a\nb", False)],
)
def test_request_id_is_short_and_plain(api: Api, given: str, *, is_kept: bool) -> None:
    request_id = api.get("/nothing", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert (request_id == given) is is_kept
    assert len(request_id) <= 64


def test_responses_have_the_security_headers(api: Api) -> None:
    for response in (api.get("/plugins"), api.get("/nothing"), api.get("/me")):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Credentials" not in response.headers


def test_a_query_that_is_not_utf_8_is_refused(api: Api) -> None:
    for path in ("/plugins?q=caf%E9", "/suggest?q=%ff", "/plugins/recent?x=%C3"):
        problem = expect_problem(api.get(path), 400, "invalid-query")
        assert "not valid UTF-8" in problem["detail"], path
    assert api.get("/plugins?q=caf%C3%A9").status_code == 200


@pytest.mark.parametrize("path", ["/plugins", "/me", "/plugins/@ada/chat/1.0.0/yank", "/nothing"])
def test_a_preflight_allows_what_the_api_takes(api: Api, path: str) -> None:
    asked = {
        "Origin": "https://other.example.test",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    response = api.call("OPTIONS", path, headers=asked)
    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert {"POST", "DELETE"} <= set(response.headers["Access-Control-Allow-Methods"].split(", "))
    allowed = response.headers["Access-Control-Allow-Headers"].lower()
    assert {"authorization", "content-type"} <= set(allowed.split(", "))
    assert "ETag" in api.get("/plugins").headers["Access-Control-Expose-Headers"]


def test_hostile_text_in_a_path_is_quoted(api: Api) -> None:
    response = api.get("/plugins/%1b[31m%E2%80%AE`/1.0.0")
    detail: Any = expect_problem(response, 404, "unknown-plugin")["detail"]
    assert detail == "There is no plugin `\\x1b[31m\\u202e\\x60`."
