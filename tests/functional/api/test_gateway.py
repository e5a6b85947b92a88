"""The gateway in front of Django: what it answers itself, what it stores, and what it refuses."""

from __future__ import annotations

import contextlib
import random
import re
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from plugport.spec.archive.model import ArchiveLimits
from tests.functional.api.calls import PROBLEM
from tests.support.publishing import build_package
from tests.support.server import LiveRegistry, publish_and_wait, wait_until

pytestmark = pytest.mark.processes
# Small enough for the gateway's memory, and too large for it.
SIZES = {"small": 20_000, "large": 400_000}
# Pages that are never stored.
NEVER_STORED = ("/docs/design", "/?unknown=1")


@pytest.fixture(scope="module")
def token(live_registry: LiveRegistry) -> str:
    """A token of `gwen` with every scope."""
    return live_registry.create_api_tokens("gwen")["gwen"]


@pytest.fixture
def author(live_registry: LiveRegistry, token: str) -> Iterator[httpx.Client]:
    """Calls as `gwen`."""
    with live_registry.client(token) as client:
        yield client


@pytest.fixture
def reader(live_registry: LiveRegistry) -> Iterator[httpx.Client]:
    """Calls without a token."""
    with live_registry.client() as client:
        yield client


@pytest.fixture(scope="module")
def packages(live_registry: LiveRegistry, token: str) -> dict[str, bytes]:
    """`@gwen/small` and `@gwen/large` 1.0.0, published."""
    built = {
        name: build_package(f"@gwen/{name}", files={"a.bin": random.Random(name).randbytes(size)})
        for name, size in SIZES.items()
    }
    with live_registry.client(token) as client:
        for package in built.values():
            assert publish_and_wait(client, package).json()["state"] == "published"
    return built


def connect(registry: LiveRegistry, address: str, request: bytes) -> socket.socket:
    """Send the beginning of a request from one of the addresses of this machine."""
    connection = socket.create_connection(
        ("127.0.0.1", registry.port), timeout=60, source_address=(address, 0)
    )
    connection.sendall(request)
    return connection


def test_clients_that_stop_sending_block_nobody(
    live_registry: LiveRegistry, token: str, author: httpx.Client, reader: httpx.Client
) -> None:
    """More of them than Django has threads, and later each gets a 408."""
    head = (
        f"POST /api/v1/plugins HTTP/1.1\r\nHost: 127.0.0.1:{live_registry.port}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: 1000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n-"
    ).encode()
    with contextlib.ExitStack() as stack:
        slow = [
            stack.enter_context(connect(live_registry, f"127.0.0.{number}", head))
            for number in range(2, 10)
            for _ in range(10)
        ]
        for path in ("/healthz", "/readyz", "/", "/api/v1/me"):
            assert author.get(path).status_code == 200
        assert reader.get("/api/v1/plugins").status_code == 200
        publish_and_wait(author, build_package("@gwen/meanwhile"))
        assert slow[0].recv(1000).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("name", SIZES)
def test_clients_that_stop_reading_block_nobody(
    live_registry: LiveRegistry, packages: dict[str, bytes], author: httpx.Client, name: str
) -> None:
    request = (
        f"GET /api/v1/plugins/@gwen/{name}/1.0.0/download HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{live_registry.port}\r\n\r\n"
    ).encode()
    with contextlib.ExitStack() as stack:
        for number in range(2, 10):
            for _ in range(10):
                stack.enter_context(connect(live_registry, f"127.0.0.{number}", request * 8))
        for path in ("/healthz", "/", "/api/v1/me", f"/api/v1/plugins/@gwen/{name}/1.0.0/download"):
            assert author.get(path).status_code == 200


def exchange_text(registry: LiveRegistry, request: str) -> str:
    """Send a request on a connection of its own; return the whole response."""
    with connect(registry, "127.0.0.1", request.encode("latin-1")) as connection:
        return connection.makefile("rb").read().decode("latin-1")


def test_methods_are_case_sensitive(live_registry: LiveRegistry) -> None:
    """Something behind the gateway would take `get` for GET, and the limits would not hold."""
    response = exchange_text(
        live_registry,
        f"get /api/v1/tags HTTP/1.1\r\nHost: 127.0.0.1:{live_registry.port}\r\n"
        "Connection: close\r\n\r\n",
    )
    assert response.startswith("HTTP/1.1 405 ")
    assert PROBLEM in response


def test_a_header_that_is_not_ascii_gives_no_second_quota(live_registry: LiveRegistry) -> None:
    remaining = []
    for extra in ("", "X-Forwarded-For: \xff\r\n", "X-Forwarded-For: 192.0.2.1, \xff\r\n"):
        response = exchange_text(
            live_registry,
            f"GET /api/v1/tags?unknown=1 HTTP/1.1\r\nHost: 127.0.0.1:{live_registry.port}\r\n"
            f"{extra}Connection: close\r\n\r\n",
        )
        found = re.search(r"(?i)\r\nratelimit-remaining: (\d+)\r\n", response)
        assert found, response
        remaining.append(int(found[1]))
    assert remaining == [remaining[0], remaining[0] - 1, remaining[0] - 2]


def test_zeros_before_the_length_of_a_body(
    live_registry: LiveRegistry, token: str, author: httpx.Client
) -> None:
    publish_and_wait(author, build_package("@gwen/zeros"))
    body = '{"reason": "wrong build"}'
    response = exchange_text(
        live_registry,
        "POST /api/v1/plugins/@gwen/zeros/1.0.0/yank HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{live_registry.port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body):040}\r\n"
        f"Connection: close\r\n\r\n{body}",
    )
    assert response.startswith("HTTP/1.1 200 "), response
    assert "wrong build" in response


def test_large_responses_in_progress_are_limited(
    live_registry: LiveRegistry, author: httpx.Client
) -> None:
    """Each is a file of the gateway while its client reads it."""
    noise = b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(6_000_000)
    publish_and_wait(author, build_package("@gwen/image", files={"pic.png": noise}))
    path = "/plugins/@gwen/image/1.0.0/raw/pic.png"
    request = f"GET {path}?unknown=1 HTTP/1.1\r\nHost: 127.0.0.1:{live_registry.port}\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(16):
            # Each reads the start and stops.
            unread = connect(live_registry, "127.0.0.99", request.encode())
            stack.enter_context(unread)
            assert unread.recv(20).startswith(b"HTTP/1.1 200")
        for address, status in (("127.0.0.99", 429), ("127.0.0.98", 200)):
            transport = httpx.HTTPTransport(local_address=address)
            with httpx.Client(
                transport=transport, base_url=live_registry.url, timeout=60
            ) as client:
                assert client.get(path, params={"unknown": "1"}).status_code == status


@pytest.mark.usefixtures("token")
def test_a_large_upload_is_refused_before_its_body(live_registry: LiveRegistry) -> None:
    """Nothing of the body is sent here, so only its headers can be the reason."""
    code = (
        "from accounts.actions.tokens.create_token import create_token\n"
        "from accounts.models import User\n"
        "gwen = User.objects.get(username='gwen')\n"
        "print(create_token(actor=gwen, name='reads', scopes=['read'])[1])"
    )
    reader_token = live_registry.run(code).strip()
    for given, status in (("pp_nonsense", 401), (reader_token, 403)):
        head = (
            f"POST /api/v1/plugins HTTP/1.1\r\nHost: 127.0.0.1:{live_registry.port}\r\n"
            f"Authorization: Bearer {given}\r\nContent-Length: 50000000\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        ).encode()
        with connect(live_registry, "127.0.0.1", head) as connection:
            answer = connection.makefile("rb").read().decode()
        assert answer.startswith(f"HTTP/1.1 {status} "), answer
        assert PROBLEM in answer


@pytest.mark.parametrize("size", SIZES.values())
def test_an_upload_counts_once(author: httpx.Client, size: int) -> None:
    name = f"@gwen/once-{size}"
    remaining = []
    for version in ("1.0.0", "1.1.0"):
        files = {"a.bin": random.Random(version).randbytes(size)}
        response = publish_and_wait(author, build_package(name, version, files=files))
        remaining.append(int(response.headers["RateLimit-Remaining"]))
    assert remaining[0] - remaining[1] == 1


def test_the_request_that_fills_the_cache_shows_its_limit(
    author: httpx.Client, reader: httpx.Client
) -> None:
    publish_and_wait(author, build_package("@gwen/limits"))
    path = "/api/v1/plugins/@gwen/limits/versions"
    assert "RateLimit-Remaining" in reader.get(path).headers
    wait_until(lambda: "RateLimit-Remaining" not in reader.get(path).headers)


def test_only_packages_that_are_sent_count_as_downloads(
    live_registry: LiveRegistry, author: httpx.Client
) -> None:
    publish_and_wait(author, build_package("@gwen/unsent"))
    path = f"http://127.0.0.1:{live_registry.port}/api/v1/plugins/@gwen/unsent/1.0.0/download"
    etag = httpx.head(path).headers["ETag"]
    # Those of a cold package are answered by Django, the later ones from memory.
    conditions = [etag, '"other"', etag, etag, '"other"']
    for number, condition in enumerate(conditions, start=11):
        transport = httpx.HTTPTransport(local_address=f"127.0.0.{number}")
        with httpx.Client(transport=transport) as client:
            response = client.get(path, headers={"If-None-Match": condition})
        assert response.status_code == (304 if condition == etag else 200)
    code = (
        "from registry.models import DownloadReceipt\n"
        "print(DownloadReceipt.objects.filter(release__plugin__name='@gwen/unsent').count())"
    )
    # The last request is counted last.
    wait_until(lambda: live_registry.run(code).strip() == "2")


@pytest.mark.parametrize("name", SIZES)
def test_packages_from_memory_and_from_disk(
    packages: dict[str, bytes], reader: httpx.Client, name: str
) -> None:
    path = f"/api/v1/plugins/@gwen/{name}/1.0.0/download"
    first, second = reader.get(path), reader.get(path)
    assert first.content == second.content == packages[name]
    # Only the first one counts for a limit.
    ignored = re.compile("age|date|x-request-id|ratelimit-.*")
    kept = [
        {k: v for k, v in each.headers.items() if not ignored.fullmatch(k)}
        for each in (first, second)
    ]
    assert kept[0] == kept[1]
    head = reader.head(path)
    assert head.headers["Content-Length"] == str(len(packages[name]))
    assert reader.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    part = reader.get(path, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, packages[name][100:200])


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    "path",
    [
        *("/", "/plugins/@gwen/small", "/api/v1/plugins/@gwen/small", "/search?q=small"),
        *NEVER_STORED,
    ],
)
def test_answers_have_the_same_content_in_every_encoding(reader: httpx.Client, path: str) -> None:
    def read(encoding: str) -> httpx.Response:
        return reader.get(path, headers={"Accept-Encoding": encoding})

    # Not at once: the search index and counts of downloads follow what earlier tests did.
    wait_until(lambda: read("identity").text == read("gzip").text == read("br, gzip").text)
    plain, packed = read("identity"), read("gzip")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    # What may contain secrets is padded, which only gzip has a place for.
    is_stored = path not in NEVER_STORED
    assert read("br, gzip").headers["Content-Encoding"] == ("br" if is_stored else "gzip")
    assert len(plain.headers["X-Request-Id"]) == 32
    assert plain.headers["X-Request-Id"] != packed.headers["X-Request-Id"]


# The first one is never stored.
@pytest.mark.parametrize("path", ["/docs/design", "/docs/api", "/api/v1/openapi.json"])
def test_fixed_pages_have_the_same_content_in_every_answer(
    live_registry: LiveRegistry, path: str
) -> None:
    """Whichever web process answers, and whatever it has answered before."""
    answers: dict[str, set[str]] = {"identity": set(), "gzip": set()}
    for _ in range(5):
        for encoding, texts in answers.items():
            # A parameter that no page reads: the gateway passes the request on.
            for query in ("", "?unknown=1"):
                with live_registry.client() as client:
                    response = client.get(path + query, headers={"Accept-Encoding": encoding})
                    texts.add(response.text)
    assert answers["identity"] == answers["gzip"]
    assert len(answers["identity"]) == 1


def test_authors_and_visitors_see_a_change_at_once(
    author: httpx.Client, reader: httpx.Client
) -> None:
    publish_and_wait(author, build_package("@gwen/changing"))
    paths = ("/api/v1/plugins/@gwen/changing/1.0.0", "/plugins/@gwen/changing")
    for message in ("first reason", "second reason"):
        for path in paths:
            assert message not in reader.get(path).text
        done = author.post(f"{paths[0]}/yank", json={"reason": message})
        assert done.status_code == 200, done.text
        for path in paths:
            assert message in reader.get(path).text
        assert author.post(f"{paths[0]}/unyank").status_code == 200
        assert message not in reader.get(paths[0]).text


def test_a_change_by_another_process_is_noticed(
    live_registry: LiveRegistry, author: httpx.Client, reader: httpx.Client
) -> None:
    publish_and_wait(author, build_package("@gwen/elsewhere"))
    assert "gwen" in reader.get("/@gwen").text
    assert "Featured first" not in reader.get("/api/v1/plugins/featured").text
    live_registry.run(
        "from registry.models import Plugin\n"
        "from django.utils.timezone import now\n"
        "Plugin.objects.filter(name='@gwen/elsewhere').update(featured_at=now())"
    )
    wait_until(lambda: "@gwen/elsewhere" in reader.get("/api/v1/plugins/featured").text)


def test_a_session_is_never_answered_from_memory(
    live_registry: LiveRegistry, packages: dict[str, bytes], reader: httpx.Client
) -> None:
    path = "/plugins/@gwen/small"
    assert reader.get(path).status_code == 200
    key = live_registry.create_session("gwen")
    # Not with `reader`, which would keep the cookie of the response.
    cookies = {"Cookie": f"theme=dark; sessionid={key}"}
    member = httpx.get(f"{live_registry.url}{path}", headers=cookies)
    assert "/account" in member.text
    assert member.headers["Cache-Control"].startswith("private")
    assert "/login" in reader.get(path).text


def test_downloads_and_searches_from_memory_are_counted(
    live_registry: LiveRegistry, author: httpx.Client, reader: httpx.Client
) -> None:
    publish_and_wait(author, build_package("@gwen/counted"))
    for number in range(2, 7):
        transport = httpx.HTTPTransport(local_address=f"127.0.0.{number}")
        with httpx.Client(base_url=live_registry.url, transport=transport) as client:
            response = client.get("/api/v1/plugins/@gwen/counted/1.0.0/download")
            assert response.status_code == 200

    def count_downloads() -> Any:
        return live_registry.run(
            "from registry.models import DownloadCount\n"
            "print(sum(DownloadCount.objects.filter(release__plugin__name='@gwen/counted')"
            ".values_list('count', flat=True)))"
        ).strip()

    wait_until(lambda: count_downloads() == "5")


@pytest.mark.parametrize(
    "path", ["/-/gateway/records", "/%2D/gateway/records", "/-/gateway%2Frecords"]
)
def test_clients_cannot_send_records(reader: httpx.Client, path: str) -> None:
    content = b'{"records": [["download:1:1", "192.0.2.1", 1000]]}'
    response = reader.post(path, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 404


def test_headers_of_the_protocol_are_removed_from_requests_and_responses(
    packages: dict[str, bytes], reader: httpx.Client
) -> None:
    for path in ("/api/v1/plugins/@gwen/large/1.0.0/download", "/", "/api/v1/me"):
        given = {"X-Plugport-Cache": "all", "X-Plugport-File": "/etc/passwd"}
        response = reader.get(path, headers=given)
        assert not [name for name in response.headers if name.startswith("x-plugport")]
        assert "root:" not in response.text


def test_a_form_over_the_limit_is_refused_before_it_is_sent(
    live_registry: LiveRegistry, token: str
) -> None:
    size = ArchiveLimits().archive_bytes + (2 << 20)
    for path, code, media_type, given in (
        ("/api/v1/plugins", "upload-too-large", PROBLEM, size),
        ("/api/v1/me/invitations/1/accept", "body-too-large", PROBLEM, 2 << 20),
        ("/login", "body-too-large", "text/html", 2 << 20),
    ):
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{live_registry.port}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: {given}\r\n\r\n"
        ).encode()
        with connect(live_registry, "127.0.0.1", head) as connection:
            answer = b""
            while piece := connection.recv(65_536):
                answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 413 ")
        assert media_type.encode() in head
        assert code.encode() in body
        assert b"$" not in body


def test_expect_continue(live_registry: LiveRegistry, token: str) -> None:
    """A client that asks first sends its body after it was accepted (RFC 9110, section 10.1.1)."""
    head = (
        f"POST /api/v1/plugins/@gwen/none/1.0.0/yank HTTP/1.1\r\nHost: 127.0.0.1:{live_registry.port}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
        "Content-Type: application/json\r\n\r\n"
    ).encode()
    with connect(live_registry, "127.0.0.1", head) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert connection.recv(1000).startswith(b"HTTP/1.1 404 ")


def exchange(registry: LiveRegistry, request: str) -> bytes:
    """Send one request as it is, and return the whole answer."""
    text = request.replace("PORT", str(registry.port)).replace("\n", "\r\n") + "\r\n\r\n"
    with connect(registry, "127.0.0.1", text.encode()) as connection:
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    return answer


@pytest.mark.parametrize(
    "headers",
    [
        "HX-Request: x\nHX-Request: true\nConnection: close",
        "HX-Request: true\nConnection: close, HX-Request",
    ],
)
@pytest.mark.usefixtures("packages")
def test_a_page_is_stored_for_the_headers_that_django_received(
    live_registry: LiveRegistry, reader: httpx.Client, headers: str
) -> None:
    """Otherwise one client could make all others receive the page of another kind of request."""
    path = "/plugins/@gwen/small/versions"
    exchange(live_registry, f"GET {path} HTTP/1.1\nHost: 127.0.0.1:PORT\n{headers}")
    fragment = reader.get(path, headers={"HX-Request": "true"}).text
    assert "<html" not in fragment


def test_connection_cannot_name_the_host(live_registry: LiveRegistry) -> None:
    answer = exchange(
        live_registry, "GET /api/v1/tags HTTP/1.1\nHost: evil.example\nConnection: close, Host"
    )
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_headers_have_a_limit(live_registry: LiveRegistry) -> None:
    """The server may close the connection while the client still sends."""
    long = "x" * 300_000
    answer = b""
    with contextlib.suppress(ConnectionError):
        answer = exchange(
            live_registry, f"GET /healthz HTTP/1.1\nHost: 127.0.0.1:PORT\nX-Forwarded-For: {long}"
        )
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.usefixtures("packages")
def test_each_download_is_one_request_of_django(author: httpx.Client) -> None:
    """A response without its body must not look broken to the gateway, which would repeat it."""
    remaining = [
        int(
            author.get(
                "/api/v1/plugins/@gwen/large/1.0.0/download", headers={"Range": "bytes=1-9"}
            ).headers["RateLimit-Remaining"]
        )
        for _ in range(5)
    ]
    assert remaining == list(range(remaining[0], remaining[0] - 5, -1))


def test_clients_that_disconnect_leave_nothing_behind(
    live_registry: LiveRegistry, packages: dict[str, bytes]
) -> None:
    """Their turns are free for the next ones from the same address."""
    request = (
        "GET /api/v1/plugins/@gwen/large/1.0.0/download HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{live_registry.port}\r\n\r\n"
    ).encode()
    for _ in range(40):
        with connect(live_registry, "127.0.0.20", request) as connection:
            connection.recv(100)
    transport = httpx.HTTPTransport(local_address="127.0.0.20")
    with httpx.Client(base_url=live_registry.url, transport=transport, timeout=60) as client:
        response = client.get("/api/v1/plugins/@gwen/large/1.0.0/download")
    assert response.content == packages["large"]
