"""Finding, whatever the engine does: rows are true, nothing leaks, there is always an answer."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from marketplace.search import behind, guard, indexer, service
from marketplace.search.engines import get_engine
from marketplace.search.highlights import Highlight
from marketplace.search.query import FACETS, SearchQuery
from registry.actions.moderate_release import quarantine_release
from registry.documents import refresh_plugin
from registry.models import Plugin, Release
from tests.support.meili_fake import MeiliFake
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalogue(publisher: Publisher) -> dict[str, Release]:
    """Three plugins, indexed."""
    releases = {
        "bridge": publisher.publish(
            "@acme/slack-bridge",
            kind="bridge",
            provides=["bidirectional"],
            displayName="Slack for Agents",
            description="Carries messages to <b>channels</b> & threads.",
            tags=["slack", "secret-tag"],
            categories=["chat"],
        ),
        "archive": publisher.publish("slack-archive", description="Keeps old conversations."),
        "notes": publisher.publish("notes", description="Messages kept for later."),
    }
    indexer.index_changes()
    return releases


def names(found: service.Found) -> list[str]:
    return [plugin.name for plugin in found.page.plugins]


def test_finds_with_words(catalogue: dict[str, Release], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        found = service.find(SearchQuery("slack"))
    assert set(names(found)) == {"@acme/slack-bridge", "slack-archive"}
    assert (found.page.total, found.engine) == (2, "embedded")
    assert not found.is_degraded
    assert found.facets["type"] == {"bridge": 1, "service": 1}
    assert tuple(found.facets) == FACETS


def test_lists_without_words(catalogue: dict[str, Release]) -> None:
    found = service.find(SearchQuery(filters={"type": "service"}))
    assert set(names(found)) == {"slack-archive", "notes"}
    assert found.facets["type"] == {"service": 2}
    assert not found.is_degraded


@pytest.mark.parametrize("text", ["slack", ""])
def test_nothing_leaks_before_it_is_indexed(
    catalogue: dict[str, Release], moderator: User, text: str
) -> None:
    """The index still has the plugin; neither rows, total, facets nor suggestions show it."""
    quarantine_release(actor=moderator, release=catalogue["bridge"], reason="Odd.")
    found = service.find(SearchQuery(text))
    assert "@acme/slack-bridge" not in names(found)
    assert found.page.total == len(names(found))
    assert "secret-tag" not in found.facets["tag"]
    assert "bridge" not in found.facets["type"]
    assert [p.name for p in service.suggest("slack")] == ["slack-archive"]
    assert service.facet_search("tag", "secret") == []


def test_rows_are_those_of_the_database(catalogue: dict[str, Release]) -> None:
    """The index says the old trust; the row says the new one, and does not fit the filter."""
    Release.objects.filter(pk=catalogue["notes"].pk).update(trust="verified")
    refresh_plugin(catalogue["notes"].plugin_id)
    found = service.find(SearchQuery("messages"))
    assert {p.name: p.trust for p in found.page.plugins}["notes"] == "verified"
    narrowed = service.find(SearchQuery("notes", filters={"trust": "community"}))
    assert names(narrowed) == []
    assert narrowed.page.total == 0


def test_an_unlisted_row_is_dropped_whatever_the_index_says(
    catalogue: dict[str, Release],
) -> None:
    """Even where the change is not in the journal."""
    Plugin.objects.filter(name="slack-archive").update(is_listed=False)
    found = service.find(SearchQuery("slack"))
    assert (names(found), found.page.total) == (["@acme/slack-bridge"], 1)
    assert [p.name for p in service.suggest("slack")] == ["@acme/slack-bridge"]


# ---- highlights and spelling ---------------------------------------------------------------------


def test_highlights_are_safe_and_right(catalogue: dict[str, Release]) -> None:
    found = service.find(SearchQuery("slack channel"))
    (marks,) = found.highlights.values()
    assert marks["name"].html == "@acme/<mark>slack</mark>-bridge"
    assert marks["displayName"].html == "<mark>Slack</mark> for Agents"
    assert marks["description"].html == (
        "Carries messages to &lt;b&gt;<mark>channels</mark>&lt;/b&gt; &amp; threads."
    )


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("chan", ["channels"]),
        ("mesages", ["messages"]),
        ("messages channels", ["messages", "channels"]),
        ("slackbridge", []),
    ],
)
def test_what_is_highlighted(catalogue: dict[str, Release], text: str, marked: list[str]) -> None:
    found = service.find(SearchQuery(text))
    key = catalogue["bridge"].plugin_id
    mark = found.highlights[key].get("description")
    parts = mark.parts if isinstance(mark, Highlight) else ()
    assert [piece for piece, is_match in parts if is_match] == marked


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("文章", ["文章", "文章"]),
        ("文章作成", ["文章作成"]),
        ("作成を", ["作成を"]),
        ("mcp 検索", ["MCP", "検索"]),
        ("ﾂｰﾙ", ["ツール"]),
        ("作成 文章", ["文章作成", "文章"]),
        ("文章検索", ["文章", "検索", "文章"]),
    ],
)
def test_what_is_highlighted_in_runs_without_blanks(
    publisher: Publisher, text: str, marked: list[str]
) -> None:
    release = publisher.publish("writer", description="文章作成をするツール。MCPの検索と文章。")
    indexer.index_changes()
    found = service.find(SearchQuery(text))
    mark = found.highlights[release.plugin_id]["description"]
    assert [piece for piece, is_match in mark.parts if is_match] == marked
    assert found.did_you_mean is None


def test_long_runs_are_cut_around_the_match(publisher: Publisher) -> None:
    release = publisher.publish("writer", description="あ" * 300 + "文章" + "い" * 300)
    indexer.index_changes()
    mark = service.find(SearchQuery("文章")).highlights[release.plugin_id]["description"]
    assert "<mark>文章</mark>" in mark.html
    assert len(mark.html) < 250


def test_long_texts_are_cut_around_the_match(publisher: Publisher) -> None:
    publisher.publish(
        "@acme/long", description="First words. " * 60 + "The needle. " + "End. " * 60
    )
    indexer.index_changes()
    (marks,) = service.find(SearchQuery("needle")).highlights.values()
    html = marks["description"].html
    assert "<mark>needle</mark>" in html
    assert html.startswith("…")
    assert html.endswith("…")
    assert len(html) < 250


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("slakc", "slack"),
        ("slakc brigde", "slack bridge"),
        ("converstions", "conversations"),
        ("slack", None),
        ("messages", None),
        ("message", None),
        ("slackbridge", None),
        ("quaternions", None),
        ("sla", None),
    ],
)
def test_did_you_mean(catalogue: dict[str, Release], text: str, meant: str | None) -> None:
    assert service.find(SearchQuery(text)).did_you_mean == meant


# ---- when the engine is away ---------------------------------------------------------------------


def test_no_index_answers_from_the_database(publisher: Publisher) -> None:
    publisher.publish("@acme/chat", tags=["talk"])
    for query in (SearchQuery("chat"), SearchQuery()):
        found = service.find(query)
        assert names(found) == ["@acme/chat"]
        assert found.is_degraded
        assert found.facets["tag"] == {"talk": 1}
    assert [p.name for p in service.suggest("cha")] == ["@acme/chat"]
    assert service.facet_search("tag", "t") == [("talk", 1)]
    indexer.index_changes()
    assert not service.find(SearchQuery("chat")).is_degraded


@pytest.mark.parametrize("text", ["", "acme"])
def test_an_index_far_behind_is_not_asked(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Until it has caught up the database knows better."""
    monkeypatch.setattr(behind, "MOST_ENTRIES", 3)
    publisher.publish("@acme/first")
    indexer.index_changes()
    for number in range(3):
        publisher.publish(f"@acme/plugin-{number}")
    found = service.find(SearchQuery(text))
    assert (len(names(found)), found.is_degraded) == (1, False)
    publisher.publish("@acme/last")
    found = service.find(SearchQuery(text))
    assert (len(names(found)), found.is_degraded) == (5, True)
    assert len(service.suggest("@acme/")) == 5
    indexer.index_changes()
    found = service.find(SearchQuery(text))
    assert (len(names(found)), found.is_degraded) == (5, False)


def test_a_damaged_index_answers_from_the_database(
    catalogue: dict[str, Release], settings: Any
) -> None:
    for path in Path(settings.SEARCH_ENGINE["OPTIONS"]["path"]).glob("v*/*.*"):
        path.unlink()
        path.write_bytes(b"garbage")
    found = service.find(SearchQuery("slack"))
    assert found.is_degraded
    assert set(names(found)) == {"@acme/slack-bridge", "slack-archive"}
    indexer.index_changes()
    assert not service.find(SearchQuery("slack")).is_degraded


def test_meilisearch_does_the_same(meili: MeiliFake, publisher: Publisher, moderator: User) -> None:
    release = publisher.publish("@acme/slack-bridge", tags=["talk"])
    indexer.index_changes()
    found = service.find(SearchQuery("slakc"))
    assert (names(found), found.engine) == (["@acme/slack-bridge"], "meilisearch")
    assert found.did_you_mean == "slack"
    quarantine_release(actor=moderator, release=release, reason="Odd.")
    assert service.find(SearchQuery("slack")).page.total == 0
    indexer.index_changes()
    assert get_engine().count() == 0
    assert indexer.measure().drift == 0


def test_a_failed_engine_is_left_alone_and_comes_back(
    meili: MeiliFake, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.publish("@acme/chat")
    indexer.index_changes()
    meili.is_broken = True
    assert service.find(SearchQuery("chat")).is_degraded
    meili.is_broken = False
    asked = len(meili.requests)
    assert service.find(SearchQuery("chat")).is_degraded
    assert len(meili.requests) == asked
    monkeypatch.setattr(guard._breaker, "retry_at", 0.0)
    assert not service.find(SearchQuery("chat")).is_degraded
    assert not service.find(SearchQuery("chat")).is_degraded


def test_a_slow_engine_is_not_waited_for(meili: MeiliFake, publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    indexer.index_changes()
    meili.wait = threading.Event()
    found = service.find(SearchQuery("chat"))
    assert (names(found), found.is_degraded) == (["@acme/chat"], True)
    # The next one does not even try.
    assert service.find(SearchQuery("chat")).is_degraded
    meili.wait.set()


# ---- lists by rating -----------------------------------------------------------------------------

RATED = {"loved": (4.6, 5000), "lonely": (5.0, 1), "unrated": (0, 0), "hated": (1.2, 5000)}


@pytest.mark.parametrize("is_indexed", [False, True])
def test_lists_by_rating_weigh_how_many_rated(publisher: Publisher, is_indexed: bool) -> None:
    """Whoever answers; and the rows decide where the index knows old ratings."""
    for name in reversed(RATED):
        publisher.publish(name)
    if is_indexed:
        indexer.index_changes()
    for name, (rating, votes) in RATED.items():
        Plugin.objects.filter(name=name).update(rating=rating, rating_count=votes)
    found = service.find(SearchQuery(sort="rating"))
    assert names(found) == list(RATED)
    assert found.is_degraded is not is_indexed
    assert [plugin.rating for plugin in found.page.plugins] == [r for r, _ in RATED.values()]


def test_the_index_orders_by_ratings_as_the_rows_do(publisher: Publisher) -> None:
    for name in RATED:
        publisher.publish(name)
    for name, (rating, votes) in RATED.items():
        Plugin.objects.filter(name=name).update(rating=rating, rating_count=votes)
    indexer.index_changes()
    pages = [service.find(SearchQuery(sort="rating", limit=1, page=n)) for n in (1, 2, 3, 4)]
    assert [name for page in pages for name in names(page)] == list(RATED)
