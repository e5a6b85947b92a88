"""No response shows the contents of a withdrawn release, even before the index follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from marketplace.search import indexer, service
from marketplace.search.query import SearchQuery
from registry.actions.flag_release import yank_release
from registry.actions.moderate_release import quarantine_release, revoke_release
from registry.models import Release
from tests.support.meilisearch_double import MeilisearchDouble
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db


def _quarantine(release: Release, moderator: User) -> None:
    quarantine_release(actor=moderator, release=release, reason="Odd.")


def _revoke(release: Release, moderator: User) -> None:
    revoke_release(actor=moderator, release=release, reason="Odd.")


def _yank(release: Release, moderator: User) -> None:
    yank_release(actor=release.published_by, release=release, reason="Odd.")


@pytest.fixture(scope="module")
def _plugins(module_publisher: Publisher) -> None:
    """One plugin with one release, and one whose newest release has other words."""
    publish = module_publisher.publish
    publish("notes", tags=["open"], categories=["office"])
    publish("chat", "1.0.0", tags=["open"], categories=["talk"])
    publish(
        "chat",
        "1.1.0",
        tags=["open", "slur"],
        categories=["scam"],
        description="Stolen words.",
        displayName="Fraud",
    )


@pytest.fixture
def newest(_plugins: None, db: None) -> Release:
    """The newest release, which is indexed."""
    indexer.index_changes()
    return Release.objects.select_related("plugin").get(version="1.1.0")


@pytest.mark.parametrize("withdraw", [_quarantine, _revoke, _yank])
def test_words_of_a_withdrawn_release_do_not_show(
    newest: Release,
    moderator: User,
    withdraw: Callable[[Release, User], None],
    django_assert_num_queries: Any,
) -> None:
    """An older release keeps the plugin listed; the index still has the words of the newest."""
    assert "slur" in service.search_plugins(SearchQuery()).facets["tag"]
    withdraw(newest, moderator)

    with django_assert_num_queries(2):
        results = service.search_plugins(SearchQuery())
    assert (results.engine, results.is_degraded) == ("embedded", False)
    assert [plugin.name for plugin in results.page.plugins] == ["notes"]
    assert (results.page.total, results.facets["tag"]) == (1, {"open": 1})
    assert results.facets["category"] == {"office": 1}
    for text in ("stolen", "fraud", "slur"):
        assert service.search_plugins(SearchQuery(text)).page.total == 0
    assert service.search_plugins(SearchQuery(filters={"tag": "slur"})).page.total == 0
    assert service.suggest("fraud") == []
    assert service.facet_search("tag", "slur") == []

    indexer.index_changes()
    results = service.search_plugins(SearchQuery(sort="name"))
    assert [plugin.name for plugin in results.page.plugins] == ["chat", "notes"]
    assert results.facets["tag"] == {"open": 2}
    assert results.facets["category"] == {"office": 1, "talk": 1}


def test_every_request_to_meilisearch_excludes_withdrawn_plugins(
    meili: MeilisearchDouble, newest: Release, moderator: User
) -> None:
    _quarantine(newest, moderator)
    meili.reply(Release.objects.get(plugin__name="notes").plugin_id)
    assert service.search_plugins(SearchQuery(filters={"tag": "open"})).page.total == 1
    meili.reply()
    assert service.suggest("chat") == []
    meili.canned.append({"facetHits": []})
    assert service.facet_search("tag", "slur") == []
    assert len(meili.searches) == 3
    for search in meili.searches:
        assert f"id NOT IN [{newest.plugin_id}]" in search["filter"]
