"""The gateway as in production: a proxy has accepted HTTPS, and the public host is not this machine's."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import sqlite3
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.functional.caching.routes import PATHS, remove_ages
from tests.support.server import RESPONSE_SECONDS, LiveRegistry, can_listen, wait_until

pytestmark = pytest.mark.processes
HOST, FURTHER_HOST = "plugins.example.org", "another.example.org"
HAS_IPV6 = can_listen("::1")
DOWNLOAD = "/api/v1/plugins/@ada/chat/1.0.0/download"
# Static files that the pages below do not have. Compressing them takes longer than all else.
_IGNORED = ("--ignore", "admin", "--ignore", "rest_framework", "--ignore", "redoc")
_PUBLISH = """
from marketplace.search import indexer
from tests.functional.caching.world import build_world
from tests.support.people import create_user
from tests.support.publishing import Publisher
Publisher(create_user("ada")).publish("@ada/chat")
build_world(Publisher(create_user("acme")))
indexer.index_changes()
"""


@pytest.fixture(scope="module")
def registry(
    tmp_path_factory: pytest.TempPathFactory, empty_database: bytes
) -> Iterator[LiveRegistry]:
    """A registry without a worker, with `@ada/chat` 1.0.0 and the catalog of the tests of marks."""
    running = LiveRegistry(
        tmp_path_factory.mktemp("production"),
        empty_database=empty_database,
        PLUGPORT_ENV="production",
        PLUGPORT_SECRET_KEY=secrets.token_hex(32),
        PLUGPORT_BASE_URL=f"https://{HOST}",
        # Without the host of the base URL, under which the gateway connects to Django.
        PLUGPORT_ALLOWED_HOSTS=FURTHER_HOST,
        PLUGPORT_TRUSTED_PROXIES="1",
        PLUGPORT_LOG_LEVEL="INFO",
        PLUGPORT_LOG_FORMAT="json",
    )
    try:
        running.prepare()
        running.manage("collectstatic", "--noinput", "--verbosity", "0", *_IGNORED)
        running.run(_PUBLISH)
        running.start(has_worker=False, host="::" if HAS_IPV6 else "0.0.0.0")
        yield running
    finally:
        running.stop()


def read(
    registry: LiveRegistry,
    path: str,
    *,
    scheme: str = "https",
    address: str = "192.0.2.1",
    **headers: str,
) -> httpx.Response:
    """Request a path as the proxy passes it on."""
    headers = {
        "Host": HOST,
        "X-Forwarded-Proto": scheme,
        "X-Forwarded-For": address,
        **headers,
    }
    return httpx.get(f"{registry.url}{path}", headers=headers, timeout=RESPONSE_SECONDS)


def query(registry: LiveRegistry, statement: str) -> list[tuple[Any, ...]]:
    database = f"file:{registry.data_dir / 'plugport.sqlite3'}?mode=ro"
    with contextlib.closing(sqlite3.connect(database, uri=True)) as connection:
        return connection.execute(statement).fetchall()


def count_requests(registry: LiveRegistry, path: str) -> int:
    """How many requests for the path, without its query, Django has answered."""
    events = [json.loads(line) for line in registry.logs.splitlines() if line.startswith("{")]
    return [event.get("path") for event in events if event["event"] == "request"].count(path)


def read_until_stored(registry: LiveRegistry, path: str, **options: str) -> int:
    """Request a path until the response comes from memory; return how often it was requested.

    That is not always the second one: on a busy machine, the gateway may not know that nothing has changed.
    """
    reads = 0

    def is_stored() -> bool:
        nonlocal reads
        before = count_requests(registry, path.partition("?")[0])
        reads += 1
        assert read(registry, path, **options).status_code == 200, path
        return count_requests(registry, path.partition("?")[0]) == before

    wait_until(is_stored)
    return reads


def test_searches_and_downloads_from_memory_are_counted(registry: LiveRegistry) -> None:
    searches = read_until_stored(registry, "/search?q=ada")
    read_until_stored(registry, DOWNLOAD)
    for number in (2, 3):
        assert read(registry, DOWNLOAD, address=f"192.0.2.{number}").status_code == 200
    for statement, number in {
        "SELECT searches FROM marketplace_searchterm WHERE term = 'ada'": searches,
        "SELECT SUM(count) FROM registry_downloadcount": 3,
    }.items():
        expected = [(number,)]
        wait_until(lambda s=statement, e=expected: query(registry, s) == e)


def test_every_marked_route_is_answered_from_memory_as_by_django(registry: LiveRegistry) -> None:
    # The pages ignore a token, and the API answers that of a stranger as no token.
    token = registry.create_api_tokens("stranger")["stranger"]
    for path in PATHS:
        by_django = read(registry, path, Authorization=f"Bearer {token}")
        # Of a host for which no other test has a response in memory, with older counts of downloads.
        first = read(registry, path, Host=FURTHER_HOST)
        read_until_stored(registry, path, Host=FURTHER_HOST)
        second = read(registry, path, Host=FURTHER_HOST)
        assert first.status_code == second.status_code == by_django.status_code == 200, path
        assert first.content == second.content, path
        assert remove_ages(second.content) == remove_ages(by_django.content), path
        for name in ("Cache-Control", "Content-Type", "ETag"):
            assert first.headers[name] == second.headers[name], path
        assert first.headers.get("Vary") == second.headers.get("Vary"), path


def test_plain_http_is_redirected_also_when_the_page_is_in_memory(registry: LiveRegistry) -> None:
    path = "/plugins/@ada/chat"
    read_until_stored(registry, path)
    page = read(registry, path)
    assert (page.status_code, "@ada/chat" in page.text) == (200, True)
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    unchanged = read(registry, path, **{"If-None-Match": page.headers["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["Cache-Control"] == "public, no-cache"
    redirect = read(registry, path, scheme="http")
    assert redirect.status_code == 301
    assert redirect.headers["Location"] == f"https://{HOST}{path}"


def test_static_files_are_sent_as_they_are_compressed(registry: LiveRegistry) -> None:
    found = re.search(r'"(/static/css/[^"]+)"', read(registry, "/").text)
    assert found
    plain = read(registry, found[1], **{"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    for accepted, encoding in (("gzip, deflate, br", "br"), ("gzip", "gzip")):
        packed = read(registry, found[1], **{"Accept-Encoding": accepted})
        assert packed.headers["Content-Encoding"] == encoding
        assert packed.headers["Cache-Control"].endswith("immutable")
        assert packed.content == plain.content


def test_cookies_are_sent_over_https_only(registry: LiveRegistry) -> None:
    cookie = read(registry, "/login").headers["Set-Cookie"]
    assert cookie.startswith("csrftoken=")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


@pytest.mark.parametrize("purpose", ["reading", "publishing"])
def test_probes_are_answered_over_http(registry: LiveRegistry, purpose: str) -> None:
    response = httpx.get(f"{registry.url}/readyz?for={purpose}", timeout=RESPONSE_SECONDS)
    assert (response.status_code, response.json()["status"]) == (200, "ready")


@pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6")
def test_all_addresses_of_the_machine_are_those_of_ipv6_too(registry: LiveRegistry) -> None:
    headers = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "2001:db8::1"}
    for address in ("[::1]", "127.0.0.1"):
        url = f"http://{address}:{registry.port}/api/v1/tags"
        assert httpx.get(url, headers=headers, timeout=RESPONSE_SECONDS).status_code == 200
