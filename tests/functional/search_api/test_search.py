"""`GET /plugins` with words and facets, and `GET /suggest` (API-1, API-3a, SRCH-3)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from marketplace.models import SearchTerm
from marketplace.search import indexer, recording
from registry.actions.moderate_release import quarantine_release
from registry.models import Plugin, Release
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db

FACETS = ["type", "category", "tag", "trust", "license", "dialect", "registry"]


def get(client: Client, path: str) -> Any:
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def names(answer: Any) -> list[str]:
    return [plugin["name"] for plugin in answer["plugins"]]


@pytest.fixture
def bridge(publisher: Publisher) -> Release:
    """Three plugins, indexed; this is the first."""
    bridge = publisher.publish(
        "@acme/slack-bridge",
        kind="bridge",
        provides=["bidirectional"],
        displayName="Slack for Agents",
        description="Carries messages to <i>channels</i>.",
        tags=["slack", "chat"],
        categories=["communication"],
    )
    publisher.publish("slack-archive", tags=["slack"], license="Apache-2.0")
    publisher.publish("notes", description="Messages kept for later.")
    indexer.index_changes()
    return bridge


@pytest.mark.usefixtures("bridge")
def test_the_whole_answer(client: Client) -> None:
    answer = get(client, "/plugins?q=slack")
    assert set(names(answer)) == {"@acme/slack-bridge", "slack-archive"}
    assert answer["pagination"] == {"total": 2, "pages": 1, "current": 1, "hasMore": False}
    assert list(answer["facets"]) == FACETS
    assert answer["facets"]["type"] == {"bridge": 1, "service": 1}
    assert answer["facets"]["tag"] == {"slack": 2, "chat": 1}
    assert answer["facets"]["license"] == {"Apache-2.0": 1, "MIT": 1}
    assert answer["facets"]["registry"] == {"plugport": 2}
    assert answer["highlights"]["@acme/slack-bridge"] == {
        "name": "@acme/<mark>slack</mark>-bridge",
        "displayName": "<mark>Slack</mark> for Agents",
    }
    assert answer["didYouMean"] is None
    assert answer["partial"] is False
    assert answer["degraded"] is False


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
    answer = get(client, f"/plugins?{query}")
    assert names(answer)[0] == first
    assert answer["didYouMean"] == meant


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
def test_filters_narrow_what_is_found(client: Client, query: str, expected: set[str]) -> None:
    answer = get(client, f"/plugins?{query}")
    assert set(names(answer)) == expected
    assert answer["pagination"]["total"] == len(expected)
    assert sum(answer["facets"]["type"].values()) == len(expected)


@pytest.mark.usefixtures("bridge")
def test_each_facet_value_leads_to_that_many(client: Client) -> None:
    """What a count promises, its filter keeps."""
    facets = get(client, "/plugins")["facets"]
    for facet, counts in facets.items():
        for value, count in counts.items():
            answer = client.get("/api/v1/plugins", {facet: value}).json()
            assert answer["pagination"]["total"] == count, (facet, value)


@pytest.mark.parametrize("query", ["dialect=klingon", "registry=" + "x" * 201, "q=" + "x" * 201])
def test_bad_values_are_refused(client: Client, query: str) -> None:
    answer = client.get(f"/api/v1/plugins?{query}")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid-query"


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


def test_without_an_engine_it_says_so(client: Client, publisher: Publisher) -> None:
    publisher.publish("@acme/chat", tags=["talk"])
    answer = get(client, "/plugins?q=chat")
    assert answer["degraded"] is True
    assert names(answer) == ["@acme/chat"]
    assert answer["facets"]["tag"] == {"talk": 1}
    suggested = get(client, "/suggest?q=ch")["suggestions"]
    assert [row["name"] for row in suggested] == ["@acme/chat"]


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
    recording.flush_searches()
    assert set(SearchTerm.objects.values_list("term", "filters", "results")) == {
        ("slack", "type=bridge", 1),
        ("quaternions", "", 0),
    }


def test_what_is_shown_of_ratings_is_their_mean(client: Client, publisher: Publisher) -> None:
    """Lists are ordered by what the number of ratings makes of it; nobody is told that number."""
    for name, rating, votes in (("lonely", 5.0, 1), ("loved", 4.6, 5000)):
        release = publisher.publish(name)
        Plugin.objects.filter(pk=release.plugin_id).update(rating=rating, rating_count=votes)
    indexer.index_changes()
    rows = get(client, "/plugins?sort=rating")["plugins"]
    shown = [(row["name"], row["rating"], row["ratingCount"]) for row in rows]
    assert shown == [("loved", 4.6, 5000), ("lonely", 5.0, 1)]
