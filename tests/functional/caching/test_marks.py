"""Which responses are marked for the gateway: only those that are the same for every visitor."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.expensive.results import get_pool
from common.gateway_protocol import (
    CACHE_HEADER,
    INTERNAL_HEADERS,
    PERSONAL_COOKIES,
    QUERY_HEADER,
    RECORD_HEADER,
)
from marketplace.search import indexer
from marketplace.search.engines import get_engine
from tests.functional.caching.routes import CHAT, PATHS, remove_ages
from tests.functional.caching.world import World
from tests.support.people import bearer, create_api_token

pytestmark = pytest.mark.usefixtures("_behind_gateway")
API = f"/api/v1{CHAT}"


def list_hidden_headers(response: Any) -> set[str]:
    return set(INTERNAL_HEADERS & set(response.headers))


def test_the_mark_names_what_ends_the_response(client: Client) -> None:
    page, document = client.get(CHAT), client.get(API)
    assert page.headers[CACHE_HEADER] == "all"
    assert document.headers[CACHE_HEADER] == "plugin=%40acme%2Fchat"
    assert (page.headers[QUERY_HEADER], document.headers[QUERY_HEADER]) == ("", "")
    versions = client.get(f"{CHAT}/versions")
    assert versions.headers[QUERY_HEADER] == "page"


@pytest.mark.parametrize("is_behind", [True, False])
def test_what_is_marked_may_be_stored_by_others_and_has_an_etag(
    client: Client, settings: Any, is_behind: bool
) -> None:
    settings.BEHIND_GATEWAY = is_behind
    for path in PATHS:
        response = client.get(path)
        assert response.headers["Cache-Control"].startswith("public"), path
        assert response.headers["ETag"].startswith('"'), path
        assert client.head(path).headers["Cache-Control"].startswith("public"), path


def test_another_form_of_the_name_is_the_same_plugin(client: Client) -> None:
    assert client.get("/api/v1/plugins/%40acme%2Fchat").headers[CACHE_HEADER] == (
        "plugin=%40acme%2Fchat"
    )


def test_head_is_marked_like_get(client: Client) -> None:
    for path in (CHAT, API):
        assert client.head(path).headers[CACHE_HEADER] == client.get(path).headers[CACHE_HEADER]


@pytest.mark.parametrize(
    "path",
    [
        f"{CHAT}?utm=x",
        f"{API}?q=",
        "/search?q=chat&q=base",
        "/search?q=chat&page=2",
        "/search?q=chat&facet=tag&begins=t",
        "/api/v1/plugins?page=2",
        "/@acme?page=2",
        "/docs?q=yank",
        # Not the responses with status 200 of these views.
        "/plugins/nowhere",
        "/api/v1/plugins/nowhere",
        f"{CHAT}/latest",
        "/badges/nowhere/version.svg",
        # Personal, or of a moment.
        "/login",
        "/signup",
        "/status",
        "/healthz",
        f"{CHAT}/owners",
    ],
)
def test_other_responses_have_no_mark(client: Client, path: str) -> None:
    assert list_hidden_headers(client.get(path)) == set()


def test_time_alone_changes_only_ages(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stored response shows when it was computed, beyond relative dates and whole days."""
    # Tomorrow, so that both times are of the same day.
    start = timezone.now().replace(hour=12, minute=0, second=0) + dt.timedelta(days=1)
    bodies = []
    for seconds in (0, 3601):
        now = start + dt.timedelta(seconds=seconds)
        monkeypatch.setattr(timezone, "now", lambda now=now: now)
        bodies.append({path: remove_ages(client.get(path).getvalue()) for path in PATHS})
    assert [path for path in PATHS if bodies[0][path] != bodies[1][path]] == []


def test_the_first_page_is_marked_by_its_number_too(client: Client) -> None:
    assert client.get("/search?q=chat&page=1").headers[CACHE_HEADER] == "all"


def test_writes_have_no_mark(client: Client) -> None:
    assert list_hidden_headers(client.post(CHAT)) == set()
    assert list_hidden_headers(client.patch(API)) == set()


def test_an_unchanged_response_has_no_mark(client: Client) -> None:
    tag = client.get(API).headers["ETag"]
    response = client.get(API, HTTP_IF_NONE_MATCH=tag)
    assert response.status_code == 304
    assert list_hidden_headers(response) == set()


@pytest.mark.parametrize("path", [CHAT, API, "/search?q=chat", "/feeds/new.atom"])
def test_without_the_gateway_there_are_no_marks(client: Client, settings: Any, path: str) -> None:
    settings.BEHIND_GATEWAY = False
    assert list_hidden_headers(client.get(path)) == set()


def test_requests_of_an_account_have_no_mark(world: World, client: Client) -> None:
    token = bearer(create_api_token(world.joiner))
    assert list_hidden_headers(client.get(API, **token)) == set()
    assert list_hidden_headers(client.get(CHAT, **token)) == set()
    client.force_login(world.joiner)
    assert list_hidden_headers(client.get(CHAT)) == set()
    assert list_hidden_headers(client.get("/feeds/new.atom")) == set()


@pytest.mark.parametrize("name", sorted(PERSONAL_COOKIES))
def test_requests_with_a_personal_cookie_have_no_mark(client: Client, name: str) -> None:
    client.cookies[name] = "anything"
    assert list_hidden_headers(client.get(CHAT)) == set()


def test_the_personal_cookies_are_those_of_the_settings() -> None:
    assert {
        django_settings.SESSION_COOKIE_NAME,
        CookieStorage.cookie_name,
    } == PERSONAL_COOKIES


def test_other_cookies_change_nothing(client: Client) -> None:
    expected = client.get(CHAT)
    client.cookies[django_settings.CSRF_COOKIE_NAME] = "x" * 32
    client.cookies["theme"] = "dark"
    response = client.get(CHAT)
    assert response.headers[CACHE_HEADER] == "all"
    assert remove_ages(response.content) == remove_ages(expected.content)
    assert not response.cookies


def test_fragments_and_pages_vary_by_their_headers(client: Client) -> None:
    fragment = client.get(CHAT, HTTP_HX_REQUEST="true")
    assert fragment.content != client.get(CHAT).content
    assert "HX-Request" in fragment.headers["Vary"]
    assert "HX-Trigger" in client.get("/search?q=chat").headers["Vary"]


@pytest.mark.parametrize("path", ["/search?q=chat", "/api/v1/plugins", "/tags/talk"])
def test_results_of_an_index_that_is_behind_have_no_mark(
    world: World, client: Client, path: str
) -> None:
    assert client.get(path).headers[CACHE_HEADER] == "all"
    world.publisher.publish("@acme/late", tags=["talk", "chat"])
    assert list_hidden_headers(client.get(path)) == set()
    indexer.index_changes()
    response = client.get(path)
    assert response.headers[CACHE_HEADER] == "all"
    assert b"@acme/late" in response.content


@pytest.mark.parametrize("path", ["/search?q=chat", "/api/v1/plugins?q=chat", "/tags/talk"])
def test_results_of_the_database_in_place_of_the_engine_have_no_mark(
    client: Client, settings: Any, tmp_path: Path, path: str
) -> None:
    (tmp_path / "file").touch()
    options = {"path": str(tmp_path / "file" / "search")}
    settings.SEARCH_ENGINE = {**settings.SEARCH_ENGINE, "OPTIONS": options}
    get_engine.cache_clear()
    response = client.get(path)
    assert (response.status_code, list_hidden_headers(response)) == (200, set())


def test_a_file_without_its_colors_has_no_mark(world: World, client: Client, settings: Any) -> None:
    """Its colors are computed by another process, which is busy."""
    world.publisher.publish("@acme/long", files={"long.js": "let a = 1;\n" * 1_000})
    settings.COMPUTATION_SECONDS = 0.05
    path = "/plugins/@acme/long/files/long.js"
    with get_pool().turns.take(max_seconds=60):
        plain = client.get(path)
    assert (plain.status_code, b"hl-" in plain.content) == (200, False)
    assert list_hidden_headers(plain) == set()
    # It is the same for every visitor, and revalidated.
    assert plain.headers["Cache-Control"] == "public, no-cache"
    settings.COMPUTATION_SECONDS = 60.0
    colored = client.get(path)
    assert b"hl-" in colored.content
    assert colored.headers[CACHE_HEADER] == "all"


def test_a_search_while_typing_has_no_record(client: Client) -> None:
    typed = client.get("/search?q=ch", HTTP_HX_REQUEST="true", HTTP_HX_TRIGGER="search-form")
    assert typed.headers[CACHE_HEADER] == "all"
    assert RECORD_HEADER not in typed.headers
    assert RECORD_HEADER in client.get("/search?q=ch").headers
    assert RECORD_HEADER not in client.get("/search").headers


VIEWERS = ("visitor", "member", "stranger")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    requests=st.lists(
        st.tuples(st.sampled_from(PATHS), st.sampled_from(VIEWERS), st.booleans()), max_size=12
    )
)
def test_a_marked_response_is_that_of_every_visitor(
    world: World, requests: list[tuple[str, str, bool]]
) -> None:
    clients = {name: Client() for name in VIEWERS}
    clients["member"].force_login(world.owner)
    clients["stranger"].force_login(world.joiner)
    tokens = {
        "member": bearer(create_api_token(world.owner)),
        "stranger": bearer(create_api_token(world.joiner)),
    }
    for path, viewer, is_fragment in requests:
        headers = {"HTTP_HX_REQUEST": "true"} if is_fragment else {}
        # The API knows its callers by their tokens and ignores cookies.
        personal = tokens.get(viewer, {}) if path.startswith("/api/") else {}
        response: HttpResponse = clients[viewer].get(path, **headers, **personal)
        expected: HttpResponse = Client().get(path, **headers)
        assert CACHE_HEADER in expected.headers
        if viewer == "visitor":
            assert CACHE_HEADER in response.headers
        if CACHE_HEADER in response.headers:
            assert remove_ages(response.content) == remove_ages(expected.content)
            assert not response.cookies
            assert b"csrfmiddlewaretoken" not in response.content
