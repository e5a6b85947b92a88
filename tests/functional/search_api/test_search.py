"""`GET /plugins` with text and facets, and `GET /suggest`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from marketplace.models import SearchTerm
from marketplace.search import indexer, query_log
from registry.actions.moderate_release import quarantine_release
from registry.models import Plugin, Release
from tests.support.publishing import Publisher
from tests.support.search_index import build_index, copy_index

pytestmark = pytest.mark.django_db

FACETS = ["type", "category", "tag", "trust", "license", "dialect", "registry"]


def get(client: Client, path: str) -> Any:
    document = client.get(f"/api/v1{path}")
    assert document.status_code == 200, document.content
    return document.json()


def names(document: Any) -> list[str]:
    return [plugin["name"] for plugin in document["plugins"]]


@pytest.fixture(scope="module")
def published(
    module_publisher: Publisher, tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, Path]:
    """The id of the first of three releases, and their index."""
    publish = module_publisher.publish
    bridge = publish(
        "@acme/slack-bridge",
        kind="bridge",
        provides=["bidirectional"],
        displayName="Slack for Agents",
        description="Carries messages to <i>channels</i>.",
        tags=["slack", "chat"],
        categories=["communication"],
    )
    publish("slack-archive", tags=["slack"], license="Apache-2.0")
    publish("notes", description="Messages kept for later.")
    return bridge.pk, build_index(tmp_path_factory.mktemp("index"))


@pytest.fixture
def bridge(published: tuple[int, Path], db: None, settings: Any) -> Release:
    """The first of three indexed plugins."""
    number, index = published
    copy_index(index, settings)
    return Release.objects.get(pk=number)


@pytest.fixture
def owner(module_publisher: Publisher, db: None) -> User:
    return module_publisher.copy_actor()


@pytest.mark.usefixtures("bridge")
def test_the_whole_response(client: Client) -> None:
    document = get(client, "/plugins?q=slack")
    assert set(names(document)) == {"@acme/slack-bridge", "slack-archive"}
    assert document["pagination"] == {"total": 2, "pages": 1, "current": 1, "hasMore": False}
    assert list(document["facets"]) == FACETS
    assert document["facets"]["type"] == {"bridge": 1, "service": 1}
    assert document["facets"]["tag"] == {"slack": 2, "chat": 1}
    assert document["facets"]["license"] == {"Apache-2.0": 1, "MIT": 1}
    assert document["facets"]["registry"] == {"plugport": 2}
    assert document["highlights"]["@acme/slack-bridge"] == {
        "name": "@acme/<mark>slack</mark>-bridge",
        "displayName": "<mark>Slack</mark> for Agents",
    }
    assert document["didYouMean"] is None
    assert document["partial"] is False
    assert document["degraded"] is False


@pytest.mark.usefixtures("bridge")
def test_highlights_are_safe_html(client: Client) -> None:
    marks = get(client, "/plugins?q=channels")["highlights"]["@acme/slack-bridge"]
    assert marks == {"description": "Carries messages to &lt;i&gt;<mark>channels</mark>&lt;/i&gt;."}


@pytest.mark.usefixtures("bridge")
@pytest.mark.parametrize(
    ("query", "first", "meant"),
    [
        ("q=slakc+brigde", "@acme/slack-bridge", "slack bridge"),
        ("q=slackbridge", "@acme/slack-bridge", None),
        ("q=slack-br", "@acme/slack-bridge", None),
        ("q=acme+slack", "@acme/slack-bridge", None),
        ("q=note", "notes", None),
    ],
)
def test_words_are_understood(client: Client, query: str, first: str, meant: str | None) -> None:
    document = get(client, f"/plugins?{query}")
    assert names(document)[0] == first
    assert document["didYouMean"] == meant


@pytest.mark.usefixtures("bridge")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=slack&type=bridge", {"@acme/slack-bridge"}),
        ("q=slack&license=Apache-2.0", {"slack-archive"}),
        ("q=slack&tag=chat", {"@acme/slack-bridge"}),
        ("q=slack&tag=absent", set()),
        ("q=slack&dialect=plugport", {"@acme/slack-bridge", "slack-archive"}),
        ("q=slack&dialect=cortex", set()),
        ("q=slack&registry=elsewhere", set()),
        ("dialect=cortex", set()),
        ("registry=elsewhere", set()),
        ("registry=plugport", {"@acme/slack-bridge", "slack-archive", "notes"}),
        ("q=slack&verified=true", set()),
        ("q=slack&author=Acme&sort=name", {"@acme/slack-bridge", "slack-archive"}),
        ("q=_", set()),
    ],
)
def test_filters_limit_the_results(client: Client, query: str, expected: set[str]) -> None:
    document = get(client, f"/plugins?{query}")
    assert set(names(document)) == expected
    assert document["pagination"]["total"] == len(expected)
    assert sum(document["facets"]["type"].values()) == len(expected)


@pytest.mark.usefixtures("bridge")
def test_each_facet_value_leads_to_that_many(client: Client) -> None:
    """A filter has as many results as its facet count."""
    facets = get(client, "/plugins")["facets"]
    for facet, counts in facets.items():
        for value, count in counts.items():
            document = client.get("/api/v1/plugins", {facet: value}).json()
            assert document["pagination"]["total"] == count, (facet, value)


@pytest.mark.parametrize("query", ["dialect=klingon", "registry=" + "x" * 201, "q=" + "x" * 201])
def test_bad_values_are_refused(client: Client, query: str) -> None:
    document = client.get(f"/api/v1/plugins?{query}")
    assert document.status_code == 400
    assert document.json()["code"] == "invalid-query"


def test_the_short_address_is_the_same(client: Client, bridge: Release) -> None:
    assert client.get("/api/plugins?q=slack").json() == get(client, "/plugins?q=slack")
    assert client.get("/api/suggest?q=sla").json() == get(client, "/suggest?q=sla")


@pytest.mark.usefixtures("bridge")
def test_reads_are_conditional_and_counted(client: Client) -> None:
    first = client.get("/api/v1/plugins?q=slack")
    assert first.headers["RateLimit-Limit"]
    again = client.get("/api/v1/plugins?q=slack", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.usefixtures("bridge")
@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/plugins?q=slack", 2),
        ("/plugins", 2),
        ("/plugins?tag=chat&type=bridge&sort=name", 2),
        ("/plugins?tag=nothing", 1),
        ("/suggest?q=sla", 2),
    ],
)
def test_query_counts(
    client: Client, path: str, queries: int, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(queries):
        get(client, path)


def test_quarantined_plugins_are_nowhere(client: Client, bridge: Release, moderator: User) -> None:
    quarantine_release(actor=moderator, release=bridge, reason="Odd.")
    for path in ("/plugins?q=slack", "/plugins", "/plugins?tag=chat", "/suggest?q=slack"):
        assert b"slack-bridge" not in client.get(f"/api/v1{path}").content
    facets = get(client, "/plugins?q=slack")["facets"]
    assert "chat" not in facets["tag"]
    assert "communication" not in facets["category"]


def test_without_an_engine_the_response_is_degraded(client: Client, publisher: Publisher) -> None:
    publisher.publish("@acme/mail", tags=["talk"])
    document = get(client, "/plugins?q=mail")
    assert document["degraded"] is True
    assert names(document) == ["@acme/mail"]
    assert document["facets"]["tag"] == {"talk": 1}
    suggested = get(client, "/suggest?q=ma")["suggestions"]
    assert [row["name"] for row in suggested] == ["@acme/mail"]


@pytest.mark.usefixtures("bridge")
def test_suggestions(client: Client) -> None:
    suggested = get(client, "/suggest?q=slack+f")["suggestions"]
    assert suggested == [
        {
            "name": "@acme/slack-bridge",
            "displayName": "Slack for Agents",
            "type": "bridge",
            "trust": "community",
        }
    ]
    assert len(get(client, "/suggest?q=slack&limit=1")["suggestions"]) == 1
    assert get(client, "/suggest")["suggestions"] == []
    assert client.get("/api/v1/suggest?limit=21").status_code == 400
    assert client.get("/api/v1/suggest?q=%00").status_code == 400


@pytest.mark.usefixtures("bridge")
def test_searches_are_recorded(client: Client) -> None:
    get(client, "/plugins?q=Slack&type=bridge")
    get(client, "/plugins?q=quaternions")
    get(client, "/plugins?type=bridge")
    get(client, "/suggest?q=sl")
    query_log.flush_searches()
    assert set(SearchTerm.objects.values_list("term", "filters", "results")) == {
        ("slack", "type=bridge", 1),
        ("quaternions", "", 0),
    }


def test_the_displayed_rating_is_the_mean(client: Client, publisher: Publisher) -> None:
    """Lists are ordered by a rating weighted by its count, which is not in the response."""
    for name, rating, votes in (("lonely", 5.0, 1), ("loved", 4.6, 5000)):
        release = publisher.publish(name, tags=["rated"])
        Plugin.objects.filter(pk=release.plugin_id).update(rating=rating, rating_count=votes)
    indexer.index_changes()
    rows = get(client, "/plugins?tag=rated&sort=rating")["plugins"]
    shown = [(row["name"], row["rating"], row["ratingCount"]) for row in rows]
    assert shown == [("loved", 4.6, 5000), ("lonely", 5.0, 1)]
