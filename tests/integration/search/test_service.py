"""The search service: current rows, no withdrawn contents, highlights and spelling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from marketplace.search import indexer, service
from marketplace.search.highlights import Highlight
from marketplace.search.query import FACETS, SearchQuery
from registry.actions.moderate_release import quarantine_release
from registry.models import Plugin, Release
from registry.publishing.refresh import refresh_plugin
from tests.support.publishing import Publisher
from tests.support.search_index import build_index, copy_index

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def published(
    module_publisher: Publisher, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, int], Path]:
    """Ids of four releases, and their index."""
    publish = module_publisher.publish
    releases = {
        "bridge": publish(
            "@acme/slack-bridge",
            kind="bridge",
            provides=["bidirectional"],
            displayName="Slack for Agents",
            description="Carries messages to <b>channels</b> & threads.",
            tags=["slack", "secret-tag"],
            categories=["chat"],
        ),
        "archive": publish("slack-archive", description="Keeps old conversations."),
        "notes": publish("notes", description="Messages kept for later."),
        "writer": publish(
            "writer", kind="storage", description="文章作成をするツール。MCPの検索と文章。"
        ),
    }
    index = build_index(tmp_path_factory.mktemp("index"))
    return {key: release.pk for key, release in releases.items()}, index


@pytest.fixture
def catalog(published: tuple[dict[str, int], Path], db: None, settings: Any) -> dict[str, Release]:
    """Four indexed plugins."""
    ids, index = published
    copy_index(index, settings)
    return {key: Release.objects.get(pk=number) for key, number in ids.items()}


@pytest.fixture
def owner(module_publisher: Publisher, db: None) -> User:
    return module_publisher.copy_actor()


def names(results: service.SearchResults) -> list[str]:
    return [plugin.name for plugin in results.page.plugins]


def test_finds_with_words(catalog: dict[str, Release], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        results = service.search_plugins(SearchQuery("slack"))
    assert set(names(results)) == {"@acme/slack-bridge", "slack-archive"}
    assert (results.page.total, results.engine) == (2, "embedded")
    assert not results.is_degraded
    assert results.facets["type"] == {"bridge": 1, "service": 1}
    assert tuple(results.facets) == FACETS


def test_lists_without_words(catalog: dict[str, Release]) -> None:
    results = service.search_plugins(SearchQuery(filters={"type": "service"}))
    assert set(names(results)) == {"slack-archive", "notes"}
    assert results.facets["type"] == {"service": 2}
    assert not results.is_degraded


@pytest.mark.parametrize("text", ["slack", ""])
def test_nothing_leaks_before_it_is_indexed(
    catalog: dict[str, Release], moderator: User, text: str
) -> None:
    """The index still has the plugin, but rows, total, facets and suggestions do not show it."""
    quarantine_release(actor=moderator, release=catalog["bridge"], reason="Odd.")
    results = service.search_plugins(SearchQuery(text))
    assert "@acme/slack-bridge" not in names(results)
    assert results.page.total == len(names(results))
    assert "secret-tag" not in results.facets["tag"]
    assert "bridge" not in results.facets["type"]
    assert [p.name for p in service.suggest("slack")] == ["slack-archive"]
    assert service.facet_search("tag", "secret") == []


def test_rows_are_those_of_the_database(catalog: dict[str, Release]) -> None:
    """The index has the old trust level; the row has the new one and does not match the filter."""
    Release.objects.filter(pk=catalog["notes"].pk).update(trust="verified")
    refresh_plugin(catalog["notes"].plugin_id)
    results = service.search_plugins(SearchQuery("messages"))
    assert {p.name: p.trust for p in results.page.plugins}["notes"] == "verified"
    narrowed = service.search_plugins(SearchQuery("notes", filters={"trust": "community"}))
    assert names(narrowed) == []
    assert narrowed.page.total == 0


def test_an_unlisted_row_is_dropped_although_it_is_indexed(
    catalog: dict[str, Release],
) -> None:
    """Even if the change is not in the journal."""
    Plugin.objects.filter(name="slack-archive").update(is_listed=False)
    results = service.search_plugins(SearchQuery("slack"))
    assert (names(results), results.page.total) == (["@acme/slack-bridge"], 1)
    assert [p.name for p in service.suggest("slack")] == ["@acme/slack-bridge"]


# ---- highlights and spelling ---------------------------------------------------------------------


def test_highlights_are_safe_and_right(catalog: dict[str, Release]) -> None:
    results = service.search_plugins(SearchQuery("slack channel"))
    (marks,) = results.highlights.values()
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
def test_what_is_highlighted(catalog: dict[str, Release], text: str, marked: list[str]) -> None:
    results = service.search_plugins(SearchQuery(text))
    key = catalog["bridge"].plugin_id
    mark = results.highlights[key].get("description")
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
    catalog: dict[str, Release], text: str, marked: list[str]
) -> None:
    results = service.search_plugins(SearchQuery(text))
    mark = results.highlights[catalog["writer"].plugin_id]["description"]
    assert [piece for piece, is_match in mark.parts if is_match] == marked
    assert results.did_you_mean is None


def test_long_runs_are_cut_around_the_match(publisher: Publisher) -> None:
    release = publisher.publish("long-writer", description="あ" * 300 + "文章" + "い" * 300)
    indexer.index_changes()
    mark = service.search_plugins(SearchQuery("文章")).highlights[release.plugin_id]["description"]
    assert "<mark>文章</mark>" in mark.html
    assert len(mark.html) < 250


def test_long_texts_are_cut_around_the_match(publisher: Publisher) -> None:
    publisher.publish(
        "@acme/long", description="First words. " * 60 + "The needle. " + "End. " * 60
    )
    indexer.index_changes()
    (marks,) = service.search_plugins(SearchQuery("needle")).highlights.values()
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
def test_did_you_mean(catalog: dict[str, Release], text: str, meant: str | None) -> None:
    assert service.search_plugins(SearchQuery(text)).did_you_mean == meant


def test_a_damaged_index_answers_from_the_database(
    catalog: dict[str, Release], settings: Any
) -> None:
    for path in Path(settings.SEARCH_ENGINE["OPTIONS"]["path"]).glob("v*/*.*"):
        path.unlink()
        path.write_bytes(b"garbage")
    results = service.search_plugins(SearchQuery("slack"))
    assert results.is_degraded
    assert set(names(results)) == {"@acme/slack-bridge", "slack-archive"}
    indexer.index_changes()
    assert not service.search_plugins(SearchQuery("slack")).is_degraded
