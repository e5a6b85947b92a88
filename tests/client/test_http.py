"""The HTTP session: token, redirects, retries, limits. A function replaces the network."""

from __future__ import annotations

import gzip
import json
import socket
import struct
from collections.abc import Callable, Iterator

import httpx
import pytest

from plugport.client import RegistryClient, RegistryUrl, Token
from plugport.client.errors import (
    RegistryUnreachableError,
    ResponseTooLargeError,
    TransferInterruptedError,
    UnexpectedResponseError,
    UnsafeRedirectError,
)
from plugport.client.http import READ_ATTEMPTS, HttpSession
from plugport.client.responses import JSON_BYTES
from plugport.spec.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    LimitedError,
    MissingError,
    PlugportError,
    UnavailableError,
)
from plugport.spec.names import PluginName
from tests.support.odd_server import OddServer, build_response, open_server

REGISTRY = RegistryUrl.parse("https://plugins.example.org")
URL = "https://plugins.example.org/api/v1/me"
SECRET = "secret-token-0123456789"
LOGIN_HINT = "Log in with `plugport login`, or set PLUGPORT_TOKEN."
Handler = Callable[[httpx.Request], httpx.Response]


def open_session(handler: Handler, pauses: list[float] | None = None) -> HttpSession:
    return HttpSession(
        REGISTRY,
        token=Token.parse(SECRET),
        transport=httpx.MockTransport(handler),
        sleep=(pauses if pauses is not None else []).append,
    )


def redirect(target: str) -> httpx.Response:
    return httpx.Response(302, headers={"Location": target})


def test_sends_the_token_to_its_registry() -> None:
    seen = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization"))
        return httpx.Response(200, json={})

    open_session(handle).get_json(URL)
    assert seen == [f"Bearer {SECRET}"]


@pytest.mark.parametrize(
    "target",
    [
        "https://storage.example.org/file",
        "https://plugins.example.org:8443/file",
        "https://plugins.example.org.evil.example/file",
    ],
)
def test_a_redirect_to_another_origin_has_no_token(
    monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setenv("PLUGPORT_TRUSTED_HOSTS", str(httpx.URL(target).host))
    seen: dict[str, str | None] = {}

    def handle(request: httpx.Request) -> httpx.Response:
        seen[str(request.url)] = request.headers.get("authorization")
        return redirect(target) if str(request.url) == URL else httpx.Response(200, json={})

    open_session(handle).get_json(URL)
    assert seen == {URL: f"Bearer {SECRET}", target: None}


def test_a_redirect_back_has_the_token_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUGPORT_TRUSTED_HOSTS", "other.example.org")
    """From the registry to another host and back: the target of each request decides."""
    seen = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, "authorization" in request.headers))
        if request.url.path == "/api/v1/me":
            return redirect("https://other.example.org/hop")
        if request.url.path == "/hop":
            return redirect("https://plugins.example.org/end")
        return httpx.Response(200, json={})

    open_session(handle).get_json(URL)
    assert seen == [
        ("plugins.example.org", True),
        ("other.example.org", False),
        ("plugins.example.org", True),
    ]


@pytest.mark.parametrize(
    "target", ["http://plugins.example.org/plain", "file:///etc/passwd", "gopher://x", "https://"]
)
def test_rejects_redirects_from_https(target: str) -> None:
    with pytest.raises(PlugportError) as caught:
        open_session(lambda _: redirect(target)).get_json(URL)
    assert caught.value.code in {"unsafe-redirect", "invalid-url"}


def test_rejects_redirect_loops() -> None:
    requests = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return redirect(URL)

    with pytest.raises(UnsafeRedirectError):
        open_session(handle).get_json(URL)
    assert len(requests) == 6


def test_never_sends_a_body_to_a_redirect_target() -> None:
    hosts = []

    def handle(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(307, headers={"Location": "https://evil.example/take"})

    with pytest.raises(UnsafeRedirectError):
        open_session(handle).post_json(URL, {"message": "private"})
    assert hosts == ["plugins.example.org"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidError),
        (401, DeniedError),
        (403, DeniedError),
        (404, MissingError),
        (409, ConflictError),
        (410, MissingError),
        (413, LimitedError),
        (422, InvalidError),
        (429, LimitedError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
def test_problem_documents_become_errors(status: int, kind: type[PlugportError]) -> None:
    problem = {
        "code": "some-code",
        "detail": "what was wrong",
        "hint": "what to do",
        "errors": [{"field": "version", "detail": "is old", "line": 3, "file": "plugport.yaml"}],
        "limit": 7,
    }
    with pytest.raises(kind) as caught:
        open_session(lambda _: httpx.Response(status, json=problem)).get_json(URL)
    error = caught.value
    assert (error.code, error.detail) == ("some-code", "what was wrong")
    # For 401 the hint names the command to log in, in place of the registry's HTTP hint.
    assert error.hint == ("what to do" if status != 401 else LOGIN_HINT)
    assert str(error.fields[0]) == "plugport.yaml:3: version: is old"
    assert error.context["limit"] == 7
    assert kind.code != "some-code", "the code of one response is not the code of the class"


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad gateway</html>", b"[1]", b'{"detail": 7}', b"\xff\xfe"]
)
def test_errors_without_a_problem_document_are_errors_too(body: bytes) -> None:
    with pytest.raises(UnavailableError) as caught:
        open_session(lambda _: httpx.Response(500, content=body)).get_json(URL)
    assert "500" in caught.value.detail


def test_hint_has_the_retry_time() -> None:
    response = httpx.Response(429, headers={"Retry-After": "12"}, json={})
    with pytest.raises(LimitedError) as caught:
        open_session(lambda _: response).get_json(URL)
    assert "12 s" in (caught.value.hint or "")


def test_retries_reads() -> None:
    responses = iter([httpx.Response(502), httpx.Response(504), httpx.Response(200, json=[1])])
    pauses: list[float] = []
    assert open_session(lambda _: next(responses), pauses).get_json(URL) == [1]
    assert pauses == sorted(pauses)
    assert len(pauses) == 2


def test_never_retries_writes() -> None:
    requests = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(502)

    with pytest.raises(UnavailableError):
        open_session(handle).post_json(URL, {})
    assert len(requests) == 1


def reset(server: OddServer, client: socket.socket) -> None:
    """End the connection without a response, as a server does with a request that it has not read."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_retries_reads_whose_connection_was_reset() -> None:
    """A server may close an idle connection while the next request is on its way."""
    with open_server() as server:

        def reset_once(server: OddServer, client: socket.socket) -> None:
            server.answers["/me"] = build_response(b"[1]")
            reset(server, client)

        server.answers["/me"] = reset_once
        with HttpSession(RegistryUrl.parse(server.url), sleep=lambda _: None) as session:
            assert session.get_json(f"{server.url}/me") == [1]
            server.answers["/me"] = reset
            with pytest.raises(RegistryUnreachableError) as caught:
                session.get_json(f"{server.url}/me")
            assert "reset" in caught.value.detail
            assert len(server.requests) == 2 + READ_ATTEMPTS


def test_never_retries_writes_whose_connection_was_reset() -> None:
    with open_server() as server:
        server.answers["/me"] = reset
        with HttpSession(RegistryUrl.parse(server.url)) as session:
            with pytest.raises(RegistryUnreachableError):
                session.post_json(f"{server.url}/me", {})
            assert len(server.requests) == 1


def test_a_failed_connection_is_an_error_with_hint() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(RegistryUnreachableError) as caught:
        open_session(handle).get_json(URL)
    assert "--registry" in (caught.value.hint or "")


def test_a_body_that_ends_early_is_an_error() -> None:
    def drip() -> Iterator[bytes]:
        yield b'{"username":'
        raise httpx.ReadError("reset")

    with pytest.raises(TransferInterruptedError):
        open_session(lambda _: httpx.Response(200, content=drip())).get_json(URL)


def test_response_size_is_limited() -> None:
    def flood() -> Iterator[bytes]:
        while True:
            yield b" " * (1 << 20)

    with pytest.raises(ResponseTooLargeError):
        open_session(lambda _: httpx.Response(200, content=flood())).get_json(URL)


def test_decompressed_size_is_limited() -> None:
    bomb = gzip.compress(b" " * (JSON_BYTES + 1))
    response = httpx.Response(200, content=iter([bomb]), headers={"Content-Encoding": "gzip"})
    with pytest.raises(ResponseTooLargeError):
        open_session(lambda _: response).get_json(URL)


def test_decompresses_responses() -> None:
    body = gzip.compress(json.dumps({"a": 1}).encode())
    response = httpx.Response(200, content=iter([body]), headers={"Content-Encoding": "gzip"})
    assert open_session(lambda _: response).get_json(URL) == {"a": 1}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"not json", {}),
        (b"{" * 100_000, {}),
        (b"broken", {"Content-Encoding": "gzip"}),
        (b"{}", {"Content-Encoding": "gzip, gzip"}),
        (b"{}", {"Content-Encoding": "br"}),
    ],
)
def test_unreadable_responses_are_errors(body: bytes, headers: dict[str, str]) -> None:
    response = httpx.Response(200, content=iter([body]), headers=headers)
    with pytest.raises(UnexpectedResponseError):
        open_session(lambda _: response).get_json(URL)


@pytest.mark.parametrize(
    "document",
    [
        [],
        None,
        {},
        {"name": 7},
        {"name": "../../etc", "version": "1.0.0"},
        {"name": "a", "version": "one"},
        {"name": "a", "version": None},
    ],
)
def test_wrong_documents_are_errors(document: object) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=document))
    with (
        RegistryClient(REGISTRY, transport=transport) as client,
        pytest.raises(UnexpectedResponseError),
    ):
        client.get_release(PluginName.parse("a"), "1.0.0")


@pytest.mark.parametrize(
    ("name", "version", "path"),
    [
        ("a", "1.0.0+b.1", "/api/v1/plugins/a/1.0.0%2Bb.1"),
        ("@s/a", "1.0.0-rc.1", "/api/v1/plugins/@s/a/1.0.0-rc.1"),
    ],
)
def test_builds_paths_from_names_and_versions(name: str, version: str, path: str) -> None:
    paths = []

    def handle(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path.decode())
        return httpx.Response(404, json={})

    with (
        RegistryClient(REGISTRY, transport=httpx.MockTransport(handle)) as client,
        pytest.raises(MissingError),
    ):
        client.get_release(PluginName.parse(name), version)
    assert paths == [path]
