"""What a withdrawn release said is in no answer, though the index still has it, in any engine."""

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
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["embedded", "meilisearch"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    if request.param == "meilisearch":
        request.getfixturevalue("meili")
    return str(request.param)


def _quarantine(release: Release, moderator: User) -> None:
    quarantine_release(actor=moderator, release=release, reason="Odd.")


def _revoke(release: Release, moderator: User) -> None:
    revoke_release(actor=moderator, release=release, reason="Odd.")


def _yank(release: Release, moderator: User) -> None:
    yank_release(actor=release.published_by, release=release, reason="Odd.")


@pytest.mark.parametrize("withdraw", [_quarantine, _revoke, _yank])
def test_words_of_a_withdrawn_release_do_not_show(
    engine: str,
    publisher: Publisher,
    moderator: User,
    withdraw: Callable[[Release, User], None],
    django_assert_num_queries: Any,
) -> None:
    """The plugin stays listed by an older release; the index has the words of the newest."""
    publisher.publish("notes", tags=["open"], categories=["office"])
    publisher.publish("chat", "1.0.0", tags=["open"], categories=["talk"])
    newest = publisher.publish(
        "chat",
        "1.1.0",
        tags=["open", "slur"],
        categories=["scam"],
        description="Stolen words.",
        displayName="Fraud",
    )
    indexer.index_changes()
    assert "slur" in service.find(SearchQuery()).facets["tag"]
    withdraw(newest, moderator)

    with django_assert_num_queries(2):
        found = service.find(SearchQuery())
    assert (found.engine, found.is_degraded) == (engine, False)
    assert [plugin.name for plugin in found.page.plugins] == ["notes"]
    assert (found.page.total, found.facets["tag"]) == (1, {"open": 1})
    assert found.facets["category"] == {"office": 1}
    for text in ("stolen", "fraud", "slur"):
        assert service.find(SearchQuery(text)).page.total == 0
    assert service.find(SearchQuery(filters={"tag": "slur"})).page.total == 0
    assert service.suggest("fraud") == []
    assert service.facet_search("tag", "slur") == []

    indexer.index_changes()
    found = service.find(SearchQuery(sort="name"))
    assert [plugin.name for plugin in found.page.plugins] == ["chat", "notes"]
    assert found.facets["tag"] == {"open": 2}
    assert found.facets["category"] == {"office": 1, "talk": 1}
