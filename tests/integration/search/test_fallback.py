"""The search service always answers: without an index, an engine or new ratings, from the database."""

from __future__ import annotations

import threading

import pytest

from accounts.models import User
from marketplace.search import circuit_breaker, comparison, indexer, service, withdrawn_ids
from marketplace.search.engines import get_engine
from marketplace.search.query import SearchQuery
from registry.actions.moderate_release import quarantine_release
from registry.models import Plugin
from tests.support.meilisearch_double import MeilisearchDouble
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db


def names(results: service.SearchResults) -> list[str]:
    return [plugin.name for plugin in results.page.plugins]


def test_no_index_answers_from_the_database(publisher: Publisher) -> None:
    publisher.publish("@acme/chat", tags=["talk"])
    for query in (SearchQuery("chat"), SearchQuery()):
        results = service.search_plugins(query)
        assert names(results) == ["@acme/chat"]
        assert results.is_degraded
        assert results.facets["tag"] == {"talk": 1}
    assert [p.name for p in service.suggest("cha")] == ["@acme/chat"]
    assert service.facet_search("tag", "t") == [("talk", 1)]
    indexer.index_changes()
    assert not service.search_plugins(SearchQuery("chat")).is_degraded


def test_an_index_far_behind_is_not_used(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database answers until the index has caught up."""

    def search() -> list[tuple[int, bool]]:
        results = [service.search_plugins(SearchQuery(text)) for text in ("", "acme")]
        return [(len(names(result)), result.is_degraded) for result in results]

    monkeypatch.setattr(withdrawn_ids, "MAX_ENTRIES", 3)
    publisher.publish("@acme/first")
    indexer.index_changes()
    for number in range(3):
        publisher.publish(f"@acme/plugin-{number}")
    assert search() == [(1, False)] * 2
    publisher.publish("@acme/last")
    assert search() == [(5, True)] * 2
    assert len(service.suggest("@acme/")) == 5
    indexer.index_changes()
    assert search() == [(5, False)] * 2


def test_meilisearch_falls_back_too(
    meili: MeilisearchDouble, publisher: Publisher, moderator: User
) -> None:
    release = publisher.publish("@acme/slack-bridge", tags=["talk"])
    indexer.index_changes()
    meili.reply(release.plugin_id)
    results = service.search_plugins(SearchQuery("slakc"))
    assert (names(results), results.engine) == (["@acme/slack-bridge"], "meilisearch")
    assert results.did_you_mean == "slack"
    quarantine_release(actor=moderator, release=release, reason="Odd.")
    meili.reply()
    assert service.search_plugins(SearchQuery("slack")).page.total == 0
    assert meili.searches[-1]["filter"] == [f"id NOT IN [{release.plugin_id}]"]
    indexer.index_changes()
    assert get_engine().count() == 0
    assert comparison.get_index_status().drift == 0


def test_a_failed_engine_is_skipped_and_used_again_later(
    meili: MeilisearchDouble, publisher: Publisher
) -> None:
    release = publisher.publish("@acme/chat")
    indexer.index_changes()
    meili.is_broken = True
    assert service.search_plugins(SearchQuery("chat")).is_degraded
    meili.is_broken = False
    assert service.search_plugins(SearchQuery("chat")).is_degraded
    assert meili.searches == []
    circuit_breaker.reset()
    for _ in range(2):
        meili.reply(release.plugin_id)
        assert not service.search_plugins(SearchQuery("chat")).is_degraded


def test_a_slow_engine_is_not_waited_for(meili: MeilisearchDouble, publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    indexer.index_changes()
    meili.reply()  # to the request that is given up
    meili.wait = threading.Event()
    results = service.search_plugins(SearchQuery("chat"))
    assert (names(results), results.is_degraded) == (["@acme/chat"], True)
    # The next search does not call the engine.
    assert service.search_plugins(SearchQuery("chat")).is_degraded
    meili.wait.set()


# ---- lists by rating -----------------------------------------------------------------------------

RATED = {"loved": (4.6, 5000), "lonely": (5.0, 1), "unrated": (0, 0), "hated": (1.2, 5000)}


@pytest.mark.parametrize("is_indexed", [False, True])
def test_lists_sorted_by_rating_consider_the_number_of_ratings(
    publisher: Publisher, is_indexed: bool
) -> None:
    """With and without the engine; the rows decide if the index has old ratings."""
    for name in reversed(RATED):
        publisher.publish(name)
    if is_indexed:
        indexer.index_changes()
    for name, (rating, votes) in RATED.items():
        Plugin.objects.filter(name=name).update(rating=rating, rating_count=votes)
    results = service.search_plugins(SearchQuery(sort="rating"))
    assert names(results) == list(RATED)
    assert results.is_degraded is not is_indexed
    assert [plugin.rating for plugin in results.page.plugins] == [r for r, _ in RATED.values()]


def test_the_index_orders_by_ratings_as_the_rows_do(publisher: Publisher) -> None:
    for name in RATED:
        publisher.publish(name)
    for name, (rating, votes) in RATED.items():
        Plugin.objects.filter(name=name).update(rating=rating, rating_count=votes)
    indexer.index_changes()
    pages = [
        service.search_plugins(SearchQuery(sort="rating", limit=1, page=n)) for n in (1, 2, 3, 4)
    ]
    assert [name for page in pages for name in names(page)] == list(RATED)
