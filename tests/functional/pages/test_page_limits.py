"""The rate limit of pages."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from django.test import Client

from common.gateway_protocol import RECORDS_PATH
from tests.functional.pages.dom import parse

pytestmark = pytest.mark.django_db
LIMIT = 3


@pytest.fixture(autouse=True)
def _small(settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "page": f"{LIMIT}/hour", "read": "9/hour"}


def _get_remaining(response: Any) -> tuple[str | None, str | None]:
    return response.headers.get("RateLimit-Limit"), response.headers.get("RateLimit-Remaining")


def test_pages_count_down_to_a_refusal(client: Client, django_assert_num_queries: Any) -> None:
    """All kinds of pages, also unknown ones and those that did not change."""
    responses = [client.get(path) for path in ("/", "/nothing", "/robots.txt")]
    assert [response.status_code for response in responses] == [200, 404, 200]
    assert [_get_remaining(response) for response in responses] == [
        ("3", "2"),
        ("3", "1"),
        ("3", "0"),
    ]
    assert responses[0].headers["RateLimit-Policy"] == "3;w=3600"
    assert 0 < int(responses[0].headers["RateLimit-Reset"]) <= 3600
    with django_assert_num_queries(0):
        response = client.get("/search?q=chat")
    assert (response.status_code, _get_remaining(response)) == (429, ("3", "0"))
    seconds = int(response.headers["Retry-After"])
    assert 0 < seconds <= 3600
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in response.headers
    assert not response.cookies
    page = parse(response.content.decode())
    assert page.one("h1").text == "Too many requests"
    assert f"Try again in {seconds} seconds." in page.text
    # Refused requests cost nothing.
    assert int(client.get("/").headers["Retry-After"]) <= seconds
    assert client.post("/login", {"login": "acme", "password": "x"}).status_code == 429


def test_the_api_and_what_never_counts(client: Client) -> None:
    paths = ("/api/v1/plugins", "/api/nothing", "/healthz", "/readyz", "/static/nothing.css")
    for path in paths:
        for _ in range(LIMIT + 1):
            response = client.get(path)
            assert response.status_code in (200, 404, 503)
            limits = {"9"} if path.startswith("/api/") else {None}
            assert {_get_remaining(response)[0]} == limits, path
    assert client.post(RECORDS_PATH).status_code != 429
    assert _get_remaining(client.get("/")) == ("3", "2")
    for _ in range(LIMIT):
        client.get("/")
    assert client.get("/").status_code == 429
    for path in ("/healthz", "/static/nothing.css"):
        assert client.get(path).status_code in (200, 404)
    assert client.post(RECORDS_PATH).status_code != 429


def test_networks_count_apart_and_listed_ones_have_no_limit(client: Client, settings: Any) -> None:
    settings.UNLIMITED_NETWORKS = (ipaddress.ip_network("2001:db8:1::/48"),)
    for number in range(LIMIT + 1):
        last = client.get("/", REMOTE_ADDR=f"2001:db8::{number}")
        listed = client.get("/", REMOTE_ADDR=f"2001:db8:1:{number}::1")
        assert (listed.status_code, _get_remaining(listed)) == (200, (None, None))
    assert last.status_code == 429
    assert _get_remaining(client.get("/", REMOTE_ADDR="192.0.2.1")) == ("3", "2")


def test_too_many_sign_ins_say_when_to_try_again(client: Client, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "page": "1000/hour"}
    for number in range(31):
        response = client.post("/login", {"login": f"nobody-{number}", "password": "x"})
    assert (response.status_code, response.headers["Retry-After"]) == (429, "60")
    page = parse(response.content.decode())
    assert page.one("h1").text == "Too many attempts"
    assert "Nothing was changed." in page.text
