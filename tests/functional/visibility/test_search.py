"""Members find what is not public, with correct totals, pages and facets; nobody else does."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.search import indexer
from tests.support.people import bearer, create_api_token
from tests.support.publishing import Publisher


def search(client: Client, query: str, headers: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = client.get(f"/api/v1/plugins?{query}", **headers).json()
    return document


def publish_many(world: Publisher) -> None:
    """Three public plugins and three that are not, all with the word `shared` and the tag `talk`."""
    for number in range(1, 4):
        for kind, visibility in (("open", "public"), ("own", "private")):
            world.publish(
                f"@acme/{kind}-shared{number}", visibility=visibility, tags=["talk", f"{kind}-tag"]
            )
    indexer.index_changes()


def test_members_find_their_plugins_first_with_correct_totals_pages_and_facets(
    publisher: Publisher, client: Client
) -> None:
    publish_many(publisher)
    headers = bearer(create_api_token(publisher.actor))
    for sort, limit in product(("relevance", "downloads", "recent", "name"), (1, 2, 4, 5, 10)):
        names: list[str] = []
        pages = -(-6 // limit)
        for page in range(1, pages + 1):
            query = f"q=shared&sort={sort}&limit={limit}&page={page}"
            found = search(client, query, headers)
            assert found["pagination"]["total"] == 6
            assert found["pagination"]["pages"] == pages
            assert found["facets"]["tag"] == {"talk": 6, "open-tag": 3, "own-tag": 3}
            names += [plugin["name"] for plugin in found["plugins"]]
        assert [name[6:9] for name in names] == ["own"] * 3 + ["ope"] * 3
        assert len(set(names)) == 6


def test_a_filter_leaves_the_other_values_of_its_facet_on_the_page(
    publisher: Publisher, client: Client
) -> None:
    publish_many(publisher)
    client.force_login(publisher.actor)
    page = client.get("/search?q=shared&tag=open-tag").content.decode()
    assert "own-tag" in page
    assert "own-shared" not in page
    assert "own-shared1" in client.get("/search?q=shared&tag=own-tag").content.decode()
    assert client.get("/tags/own-tag").status_code == 200
    assert Client().get("/tags/own-tag").status_code == 404


def test_a_token_finds_only_what_its_limit_allows(publisher: Publisher, client: Client) -> None:
    publish_many(publisher)
    owner = publisher.actor
    limited = bearer(create_api_token(owner, "read", limit="@acme/own-shared2"))
    assert search(client, "q=shared", limited)["pagination"]["total"] == 4
    assert search(client, "q=shared", limited)["plugins"][0]["name"] == "@acme/own-shared2"
    of_scope = bearer(create_api_token(owner, "read", limit="@acme"))
    assert search(client, "q=shared", of_scope)["pagination"]["total"] == 6
    publishing = bearer(create_api_token(owner, "publish"))
    assert search(client, "q=shared", publishing)["pagination"]["total"] == 3


def test_suggestions_have_own_plugins(publisher: Publisher, client: Client) -> None:
    publish_many(publisher)
    path, headers = "/api/v1/suggest?q=own", bearer(create_api_token(publisher.actor))
    assert client.get(path).json() == {"suggestions": []}
    response = client.get(path, **headers)
    assert len(response.json()["suggestions"]) == 3
    assert response["Cache-Control"] == "private, no-store"


def test_the_queries_of_a_member_do_not_grow_with_the_plugins(
    publisher: Publisher, client: Client
) -> None:
    headers = bearer(create_api_token(publisher.actor))
    paths = (
        "/api/v1/plugins?q=shared&limit=100",
        "/api/v1/plugins?tag=talk&limit=100",
        "/api/v1/suggest?q=own",
        "/api/v1/plugins/@acme/own-shared1",
        "/api/v1/plugins/@acme/own-shared1/versions",
        "/api/v1/plugins/@acme/own-shared1/1.0.0/download",
    )

    def measure() -> list[int]:
        counts = []
        for path in paths:
            client.get("/api/v1/me", **headers)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path, **headers).status_code == 200
            counts.append(len(queries))
        return counts

    publish_many(publisher)
    small = measure()
    for number in range(4, 8):
        publisher.publish(f"@acme/own-shared{number}", visibility="private", tags=["talk"])
    indexer.index_changes()
    assert measure() == small
    # With the one for the token.
    assert small == [7, 7, 3, 3, 3, 3]
