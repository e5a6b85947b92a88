"""The registry behind a real nginx with `deploy/nginx.conf`, over HTTPS as in production."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import random
import re
import secrets
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from common.http.errors import (
    BodyTooLargeError,
    ServerUnavailableError,
    TooManyInProgressError,
    UploadTooLargeError,
)
from common.http.problems import build_headers, build_problem
from common.http.status import get_status
from common.secret_paths import SECRET_PATHS
from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.errors import PlugportError
from tests.functional.api.calls import PROBLEM
from tests.services.conftest import skip_or_fail
from tests.support.nginx import CONFIG, Nginx, find_nginx, run_nginx
from tests.support.publishing import build_package
from tests.support.server import (
    RESPONSE_SECONDS,
    LiveRegistry,
    find_free_port,
    publish_and_wait,
    wait_until,
)

pytestmark = [pytest.mark.postgres, pytest.mark.processes]

# Longer than the buffers of nginx, so that it reads the file.
PACKAGE = build_package("@nina/chat", files={"data.bin": random.Random(1).randbytes(300_000)})
SIZE = len(PACKAGE)
ETAG = f'"{hashlib.sha256(PACKAGE).hexdigest()}"'
DOWNLOAD = "/api/v1/plugins/@nina/chat/1.0.0/download"
DENIED = 5
# Each test that counts something has addresses of its own.
SPOOFER, NEIGHBOR, GREEDY, MODEST = (f"127.0.0.{number}" for number in (11, 12, 13, 14))


@pytest.fixture(scope="module")
def program() -> str:
    """The path of nginx."""
    path = find_nginx()
    if path is None:
        skip_or_fail("nginx", FileNotFoundError("bin/install-system services installs it"))
    assert path
    return path


@pytest.fixture(scope="module")
def port() -> int:
    """The port of nginx, which is in the public address of the registry."""
    return find_free_port()


@pytest.fixture(scope="module")
def registry(
    port: int, module_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveRegistry]:
    """A registry as in production, with packages in its data folder."""
    running = LiveRegistry(
        tmp_path_factory.mktemp("registry"),
        database_url=module_database,
        PLUGPORT_ENV="production",
        PLUGPORT_SECRET_KEY=secrets.token_hex(32),
        PLUGPORT_BASE_URL=f"https://127.0.0.1:{port}",
        PLUGPORT_TRUSTED_PROXIES="1",
        PLUGPORT_X_ACCEL_PREFIX="/protected-packages/",
        PLUGPORT_LIMIT_DENIED=f"{DENIED}/day",
    )
    try:
        running.manage("collectstatic", "--noinput", "--verbosity", "0")
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def nginx(
    program: str, port: int, registry: LiveRegistry, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nginx]:
    """nginx in front of the registry."""
    packages = registry.data_dir / "packages"
    folder = tmp_path_factory.mktemp("nginx")
    with run_nginx(
        program, folder, port=port, upstream_port=registry.port, packages=packages
    ) as running:
        yield running


@contextlib.contextmanager
def open_client(
    nginx: Nginx, address: str = "127.0.0.1", token: str = ""
) -> Iterator[httpx.Client]:
    """A client of nginx that connects from the address."""
    transport = httpx.HTTPTransport(
        verify=ssl.create_default_context(cafile=nginx.authority), local_address=address
    )
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(
        transport=transport, base_url=nginx.url, headers=headers, timeout=RESPONSE_SECONDS
    ) as client:
        yield client


@pytest.fixture
def client(nginx: Nginx) -> Iterator[httpx.Client]:
    """Reads without a token."""
    with open_client(nginx) as opened:
        yield opened


@pytest.fixture(scope="module")
def token(registry: LiveRegistry) -> str:
    """A token of `nina` with every scope."""
    return registry.create_api_tokens("nina")["nina"]


@pytest.fixture(scope="module")
def published(nginx: Nginx, token: str) -> httpx.Response:
    """The response to `PACKAGE`, published through nginx."""
    with open_client(nginx, token=token) as author:
        return publish_and_wait(author, PACKAGE)


def test_pages_and_the_api_are_sent_as_the_registry_sends_them(client: httpx.Client) -> None:
    page = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert (page.status_code, page.headers["Content-Encoding"]) == (200, "gzip")
    assert "</html>" in page.text
    assert page.headers["Server"] == "nginx", "without the version"
    assert "Retry-After" not in page.headers
    plain = client.get("/", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    tags = client.get("/api/v1/tags")
    assert (tags.status_code, tags.headers["Content-Type"]) == (200, "application/json")
    assert client.get("/api/v1/plugins/@nina/none").headers["Content-Type"] == PROBLEM
    assert client.get("/protected-packages/").status_code == 404


def test_http_is_redirected_and_https_is_not(nginx: Nginx, client: httpx.Client) -> None:
    response = httpx.get(f"{nginx.plain_url}/search?q=chat")
    assert response.status_code == 301
    assert response.headers["Location"] == "https://127.0.0.1/search?q=chat"
    # The registry would redirect again if nginx did not tell it the scheme.
    assert client.get("/search?q=chat").status_code == 200


def test_nginx_sends_published_packages(client: httpx.Client, published: httpx.Response) -> None:
    whole = client.get(DOWNLOAD)
    assert (whole.status_code, whole.content) == (200, PACKAGE)
    assert whole.headers.get_list("ETag") == [ETAG]
    assert "sha-512=:" in whole.headers["Repr-Digest"]
    assert whole.headers["Content-Length"] == str(SIZE)
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert "public" in whole.headers["Cache-Control"]
    assert not {"X-Accel-Redirect", "Last-Modified"} & set(whole.headers)
    head = client.head(DOWNLOAD)
    assert (head.status_code, head.headers["ETag"]) == (200, ETAG)
    assert client.get(DOWNLOAD, headers={"If-None-Match": ETAG}).status_code == 304


def fetch_behind_nginx(registry: LiveRegistry, path: str = DOWNLOAD) -> httpx.Response:
    """The answer that nginx gets for a visitor."""
    # nginx sends the host without its port. Another one would have an entry of its own.
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": MODEST, "Host": "127.0.0.1"}
    return httpx.get(f"{registry.url}{path}", headers=headers)


def is_stored(answer: httpx.Response) -> bool:
    """Whether the gateway may have it in memory: stored answers do not count requests."""
    return "RateLimit-Remaining" not in answer.headers


def test_the_file_of_a_package_is_for_nginx_only(
    registry: LiveRegistry, client: httpx.Client, published: httpx.Response
) -> None:
    """The registry answers with its address and no bytes; clients cannot request it."""
    answer = fetch_behind_nginx(registry)
    path = answer.headers["X-Accel-Redirect"]
    assert (path.startswith("/protected-packages/"), answer.content) == (True, b"")
    assert client.get(path).status_code == 404


def test_nginx_sends_what_the_gateway_has_in_memory(
    registry: LiveRegistry, client: httpx.Client, published: httpx.Response
) -> None:
    """The same answers, and none of Django to a repeated request."""
    first = fetch_behind_nginx(registry)
    wait_until(lambda: is_stored(fetch_behind_nginx(registry)))
    stored = fetch_behind_nginx(registry)
    assert stored.headers["X-Accel-Redirect"] == first.headers["X-Accel-Redirect"]
    whole, head = client.get(DOWNLOAD), client.head(DOWNLOAD)
    assert (whole.status_code, whole.content) == (200, PACKAGE)
    assert (head.status_code, head.content) == (200, b"")
    for each in (whole, head):
        assert each.headers["Content-Length"] == str(SIZE)
        assert each.headers["ETag"] == ETAG
        assert each.headers["Content-Type"] == "application/gzip"
    unchanged = client.get(DOWNLOAD, headers={"If-None-Match": ETAG})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert not {"Content-Type", "Content-Disposition", "X-Accel-Redirect"} & set(unchanged.headers)
    part = client.get(DOWNLOAD, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, PACKAGE[100:200])
    # In seconds. Shared caches count it as a part of `max-age`.
    wait_until(lambda: "Age" in client.get(DOWNLOAD).headers)


def test_a_blocked_package_is_not_sent_from_memory(
    registry: LiveRegistry, nginx: Nginx, client: httpx.Client, token: str
) -> None:
    path = "/api/v1/plugins/@nina/blocked/1.0.0/download"
    package = build_package("@nina/blocked")
    with open_client(nginx, token=token) as author:
        publish_and_wait(author, package)
    assert client.get(path).content == package
    wait_until(lambda: is_stored(fetch_behind_nginx(registry, path)))
    registry.run(
        "from accounts.models import User\n"
        "from registry.actions.moderate_release import quarantine_release\n"
        "from registry.models import Release\n"
        "from tests.support.people import create_user\n"
        "release = Release.objects.select_related('plugin').get(plugin__name='@nina/blocked')\n"
        "moderator = create_user('maude', is_moderator=True, is_staff=True)\n"
        "quarantine_release(actor=moderator, release=release, reason='Look.')"
    )
    # Another process than the gateway has changed it.
    wait_until(lambda: client.get(path).status_code == 403)
    assert client.get(path).json()["code"] == "release-blocked"


def test_downloads_from_memory_and_ranges_are_counted(
    registry: LiveRegistry, nginx: Nginx, token: str
) -> None:
    """Each address has the whole package once: in one response, or in two."""
    path = "/api/v1/plugins/@nina/counted/1.0.0/download"
    package = build_package("@nina/counted")
    with open_client(nginx, token=token) as author:
        publish_and_wait(author, package)
    for number in (21, 22, 23):
        with open_client(nginx, f"127.0.0.{number}") as reader:
            assert [reader.get(path).content for _ in range(3)] == [package] * 3
    with open_client(nginx, "127.0.0.24") as reader:
        parts = [reader.get(path, headers={"Range": f"bytes={part}"}) for part in ("0-99", "100-")]
        assert b"".join(part.content for part in parts) == package
        assert reader.get(path, headers={"If-None-Match": "*"}).status_code == 304
    with open_client(nginx, "127.0.0.25") as reader:
        assert reader.head(path).status_code == 200
        assert reader.get(path, headers={"Range": "bytes=0-99"}).status_code == 206

    def count_downloads() -> str:
        return registry.run(
            "from registry.models import Plugin\n"
            "print(Plugin.objects.get(name='@nina/counted').downloads)"
        ).strip()

    wait_until(lambda: count_downloads() == "4")


@pytest.mark.parametrize("if_range", ["", ETAG, '"another"'], ids=["none", "same", "another"])
def test_nginx_sends_ranges(client: httpx.Client, published: httpx.Response, if_range: str) -> None:
    headers = {"Range": "bytes=100-199", **({"If-Range": if_range} if if_range else {})}
    response = client.get(DOWNLOAD, headers=headers)
    assert response.headers["ETag"] == ETAG
    if if_range in ("", ETAG):
        assert (response.status_code, response.content) == (206, PACKAGE[100:200])
        assert response.headers["Content-Range"] == f"bytes 100-199/{SIZE}"
    else:
        assert (response.status_code, response.content) == (200, PACKAGE)


def test_limits_count_the_address_that_connected(nginx: Nginx) -> None:
    """A client cannot claim another address, in any header."""

    def send(client: httpx.Client, number: int) -> int:
        claimed = f"198.51.100.{number}"
        headers = {
            "Authorization": "Bearer pp_wrong",
            "X-Forwarded-For": claimed,
            "X_Forwarded_For": claimed,
            "Forwarded": f"for={claimed}",
        }
        return client.get("/api/v1/me", headers=headers).status_code

    with open_client(nginx, SPOOFER) as spoofer, open_client(nginx, NEIGHBOR) as neighbor:
        statuses = [send(spoofer, number) for number in range(DENIED + 3)]
        assert statuses == [401] * DENIED + [429] * 3
        assert send(neighbor, 1) == 401


def test_a_body_over_the_limit_is_refused(nginx: Nginx, token: str) -> None:
    with open_client(nginx, token=token) as author:
        headers = {"Content-Type": "application/json"}
        response = author.post("/api/v1/scopes", content=b" " * 1_000_000, headers=headers)
        # nginx has buffered it and the registry has read it.
        assert (response.status_code, response.headers["Content-Type"]) == (400, PROBLEM)
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    detail = "The request body is too large for this path."
    for path in ("/api/v1/scopes", "/api/v1/plugins/@nina/chat/1.0.0/yank"):
        expect_problem(read_refusal(nginx, path, length=limit + 1), BodyTooLargeError(detail))
    # The fields of the form are beside the package.
    largest = ArchiveLimits().archive_bytes + limit
    for path in ("/api/v1/plugins", "/api/plugins"):
        expect_problem(read_refusal(nginx, path, length=2 * largest), UploadTooLargeError(detail))
    page = read_refusal(nginx, "/login", length=limit + 1)
    assert (page.status_code, page.headers["Content-Type"]) == (413, "text/html")


def expect_problem(
    response: httpx.Response, error: PlugportError, *, status: int | None = None
) -> None:
    """An error of nginx is like one of the registry, with a `type` relative to the URL."""
    status = status or get_status(error)
    assert response.json() == {**build_problem(error, ""), "status": status}
    assert (response.status_code, response.headers["Content-Type"]) == (status, PROBLEM)
    expected = {
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
        **build_headers(error),
    }
    assert {name: response.headers.get(name) for name in expected} == expected


def read_refusal(nginx: Nginx, path: str, *, length: int) -> httpx.Response:
    """Return the response to a POST request of which only the headers are sent."""
    with contextlib.closing(connect(nginx, "127.0.0.1")) as connection:
        start_post(connection, path, {"Content-Length": str(length)})
        answer = connection.getresponse()
        return httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())


def connect(nginx: Nginx, address: str) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(
        "127.0.0.1",
        nginx.port,
        source_address=(address, 0),
        context=ssl.create_default_context(cafile=nginx.authority),
        timeout=RESPONSE_SECONDS,
    )


def start_post(
    connection: http.client.HTTPSConnection, path: str, headers: dict[str, str]
) -> socket.socket:
    connection.putrequest("POST", path)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    return connection.sock


def test_connections_of_one_address_are_limited(nginx: Nginx, token: str) -> None:
    limits = set(re.findall(r"limit_conn plugport_clients (\d+);", CONFIG.read_text()))
    (limit,) = map(int, limits)
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Content-Length": "10",
        "Expect": "100-continue",
    }
    with contextlib.ExitStack() as stack:
        for _ in range(limit):
            connection = stack.enter_context(contextlib.closing(connect(nginx, GREEDY)))
            interim = start_post(connection, "/api/v1/scopes", headers).recv(1024)
            # nginx has counted the connection, and waits for the body.
            assert interim.startswith(b"HTTP/1.1 100 ")
        with open_client(nginx, GREEDY) as greedy, open_client(nginx, MODEST) as modest:
            refused = greedy.get("/healthz")
            assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
            assert refused.headers["Content-Type"] == "text/html"
            expect_problem(
                greedy.get("/api/v1/openapi.json"),
                TooManyInProgressError(
                    "This client address has too many requests in progress.",
                    hint="Wait until some of them have finished.",
                    context={"retryAfterSeconds": 1},
                ),
            )
            assert modest.get("/healthz").status_code == 200
            # The registry's threads are free, although there are more bodies than threads.
            assert modest.get("/api/v1/tags").status_code == 200
    with open_client(nginx, GREEDY) as greedy:
        wait_until(lambda: greedy.get("/healthz").status_code == 200)


@pytest.mark.parametrize("path", SECRET_PATHS)
def test_the_access_log_has_no_secrets(nginx: Nginx, client: httpx.Client, path: str) -> None:
    secret = secrets.token_hex(8)
    url = f"{path}1-{secret}/"
    client.get(url)
    client.get("/", headers={"Referer": f"{nginx.url}{url}"})
    httpx.get(f"{nginx.plain_url}{url}")
    mark = secrets.token_hex(8)
    client.get(f"/healthz?{mark}")
    wait_until(lambda: mark in nginx.access_log)
    log = nginx.access_log
    assert log.count(f'"GET {path}... HTTP/1.1"') == 2
    assert secret not in log


@pytest.mark.parametrize("path", SECRET_PATHS)
def test_the_error_log_has_no_secrets(program: str, tmp_path: Path, path: str) -> None:
    """nginx writes the whole address of a request for which it gets no response."""
    secret, mark = secrets.token_hex(8), secrets.token_hex(8)
    with (
        run_nginx(
            program,
            tmp_path,
            port=find_free_port(),
            upstream_port=find_free_port(),
            packages=tmp_path,
        ) as alone,
        open_client(alone) as client,
    ):
        statuses = [client.get(url).status_code for url in (f"{path}1-{secret}/", f"/?{mark}")]
        wait_until(lambda: mark in alone.error_log)
        log = alone.error_log
    assert statuses == [502, 502]
    assert secret not in log


@pytest.mark.parametrize("status", [502, 504])
def test_without_the_registry_the_api_has_problem_documents(
    program: str, tmp_path: Path, status: int
) -> None:
    """Also for publishing and for HEAD, and pages have those of nginx."""
    with contextlib.ExitStack() as stack:
        upstream_port = find_free_port()
        if status == 504:
            # Accepts connections, and never responds.
            silent = stack.enter_context(socket.create_server(("127.0.0.1", upstream_port)))
            assert silent.fileno()
        alone = stack.enter_context(
            run_nginx(
                program,
                tmp_path,
                port=find_free_port(),
                upstream_port=upstream_port,
                packages=tmp_path,
                read_seconds=1,
            )
        )
        client = stack.enter_context(open_client(alone))
        error = ServerUnavailableError("The server does not respond.")
        expect_problem(client.get("/api/v1/openapi.json"), error, status=status)
        expect_problem(client.post("/api/v1/plugins", content=b"x"), error, status=status)
        head = client.head("/api/v1/tags")
        assert (head.status_code, head.headers["Content-Type"]) == (status, PROBLEM)
        page = client.get("/")
        assert (page.status_code, page.headers["Content-Type"]) == (status, "text/html")
