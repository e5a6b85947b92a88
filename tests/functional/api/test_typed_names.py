"""`/plugins/scope/name` without the `@` leads to the plugin."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.functional.api.calls import Api, expect_problem
from tests.support.publishing import Publisher


@pytest.fixture(autouse=True)
def _plugins(publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    publisher.publish("solo")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/api/v1/plugins/acme/chat", "/api/v1/plugins/@acme/chat"),
        ("/api/plugins/acme/chat", "/api/plugins/@acme/chat"),
        ("/api/v1/plugins/acme/chat/", "/api/v1/plugins/@acme/chat"),
        ("/api/v1/plugins/acme%2Fchat", "/api/v1/plugins/@acme/chat"),
        ("/api/v1/plugins/acme/chat/versions", "/api/v1/plugins/@acme/chat/versions"),
        ("/api/v1/plugins/acme/chat/1.0.0/download", "/api/v1/plugins/@acme/chat/1.0.0/download"),
        ("/api/v1/plugins/acme/chat/latest?x=1", "/api/v1/plugins/@acme/chat/latest?x=1"),
        ("/plugins/acme/chat", "/plugins/@acme/chat"),
        ("/plugins/acme/chat/versions", "/plugins/@acme/chat/versions"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scope_without_its_sign_redirects(
    api: Api, client: Client, method: str, typed: str, meant: str
) -> None:
    response = client.generic(method, typed)
    assert (response.status_code, response.headers["Location"]) == (302, meant)
    assert "RateLimit-Limit" in response.headers
    final = client.generic(method, meant)
    assert final.status_code == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/plugins/solo/9.9.9", "unknown-release"),
        ("/plugins/acme/other", "unknown-plugin"),
        ("/plugins/Solo", "unknown-plugin"),
        ("/plugins/@acme/chatt", "unknown-plugin"),
        ("/plugins/acme/chat%00", "unknown-plugin"),
        ("/plugins//acme/chat", "missing"),
    ],
)
def test_other_names_keep_their_error(api: Api, path: str, code: str) -> None:
    expect_problem(api.get(path), 404, code)


def test_writes_are_never_redirected(author: Api) -> None:
    response = author.post("/plugins/acme/chat/1.0.0/yank", {})
    expect_problem(response, 404, "missing")
