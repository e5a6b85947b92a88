"""The catalogue in memory follows the database, whoever changes it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from registry import queries
from registry.actions.edit_plugin import edit_plugin
from registry.actions.make_catalogue import make_catalogue
from registry.actions.moderate_release import quarantine_release, restore_release
from registry.catalogue.filter import PluginFilter
from registry.catalogue.follow import Catalogue
from registry.models import JournalEntry, Plugin
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db
TO_BE_CURRENT, TO_FOLLOW = 1, 3


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue()


def list_names(catalogue: Catalogue, **wanted: Any) -> list[str]:
    ids = catalogue.find(PluginFilter(**{"sort": "name", **wanted})).ids
    rows = Plugin.objects.in_bulk(ids)
    return [rows[key].name for key in ids]


def test_a_release_is_listed_as_soon_as_it_is_published(
    catalogue: Catalogue, publisher: Publisher
) -> None:
    assert list_names(catalogue) == []
    publisher.publish("@acme/chat", tags=["talk"])
    assert list_names(catalogue) == ["@acme/chat"]
    publisher.publish("@acme/mail", tags=["talk"])
    publisher.publish("@acme/chat", "1.1.0", tags=["other"])
    assert list_names(catalogue, tag="talk") == ["@acme/mail"]
    assert list_names(catalogue, sort="recent") == ["@acme/chat", "@acme/mail"]


def test_an_edit_shows_at_once(catalogue: Catalogue, publisher: Publisher, owner: User) -> None:
    plugin = publisher.publish("@acme/chat").plugin
    assert list_names(catalogue, q="talking") == []
    edit_plugin(actor=owner, plugin=plugin, changes={"description": "TALKING."}, replace=False)
    assert list_names(catalogue, q="talking") == ["@acme/chat"]


def test_what_is_not_installable_leaves_and_comes_back(
    catalogue: Catalogue, publisher: Publisher, moderator: User
) -> None:
    release = publisher.publish("@acme/chat", categories=["data"])
    assert catalogue.count_values("category") == [("data", 1)]
    quarantine_release(actor=moderator, release=release, reason="Under review.")
    assert list_names(catalogue) == []
    assert catalogue.count_values("category") == []
    assert catalogue.count_plugins() == 0
    release.refresh_from_db()
    restore_release(actor=moderator, release=release, reason="Fine.")
    assert list_names(catalogue) == ["@acme/chat"]


def test_queries(
    catalogue: Catalogue, publisher: Publisher, django_assert_num_queries: Any
) -> None:
    for number in range(3):
        publisher.publish(f"plugin-{number}", tags=[f"tag-{number}"])
    catalogue.find(PluginFilter())
    for ask in (
        lambda: catalogue.find(PluginFilter(q="plugin", tag="tag-1")),
        lambda: catalogue.count_values("tag"),
        catalogue.count_plugins,
    ):
        with django_assert_num_queries(TO_BE_CURRENT):
            ask()
    publisher.publish("plugin-4")
    publisher.publish("plugin-5")
    with django_assert_num_queries(2 * TO_BE_CURRENT + TO_FOLLOW):
        assert catalogue.count_plugins() == 5


def test_another_history_is_read_from_its_beginning(
    catalogue: Catalogue, publisher: Publisher
) -> None:
    """As long as the old one, and other plugins in it: what a restored backup looks like."""
    with transaction.atomic():
        publisher.publish("@acme/lost")
        assert list_names(catalogue) == ["@acme/lost"]
        transaction.set_rollback(True)
    publisher.publish("@acme/kept")
    assert JournalEntry.objects.count() == 1
    assert list_names(catalogue) == ["@acme/kept"]


def test_a_shorter_history_is_read_from_its_beginning(
    catalogue: Catalogue, publisher: Publisher
) -> None:
    publisher.publish("@acme/kept")
    with transaction.atomic():
        publisher.publish("@acme/lost")
        assert list_names(catalogue) == ["@acme/kept", "@acme/lost"]
        transaction.set_rollback(True)
    assert list_names(catalogue) == ["@acme/kept"]


def test_many_changes_at_once_are_followed(catalogue: Catalogue, publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    assert catalogue.count_plugins() == 1
    make_catalogue(count=1200, seed=1, on_progress=lambda _: None)
    assert catalogue.count_plugins() == 1201
    assert len(list_names(catalogue, q="invented", limit=5)) == 0
    listed = Plugin.objects.filter(kind="toolset", license="MIT").order_by("-downloads", "id")
    found = catalogue.find(PluginFilter(kind="toolset", license="MIT", page=3, limit=7))
    assert list(found.ids) == list(listed.values_list("id", flat=True)[14:21])
    assert found.total == listed.count()


@pytest.mark.parametrize("facet", ["category", "tag"])
def test_counts_are_those_of_the_database(catalogue: Catalogue, facet: str) -> None:
    make_catalogue(count=150, seed=3, on_progress=lambda _: None)
    headings = getattr(Plugin, {"category": "categories", "tag": "tags"}[facet]).rel.model
    expected = {h.slug: h.plugins.filter(is_listed=True).count() for h in headings.objects.all()}
    counted = catalogue.count_values(facet)  # type: ignore[arg-type]
    assert dict(counted) == {slug: count for slug, count in expected.items() if count}
    assert counted == sorted(counted, key=lambda pair: (-pair[1], pair[0]))


def test_counters_follow_without_the_journal(
    catalogue: Catalogue, publisher: Publisher, django_assert_num_queries: Any
) -> None:
    publisher.publish("@acme/chat")
    publisher.publish("@acme/mail")
    assert list_names(catalogue, sort="downloads") == ["@acme/chat", "@acme/mail"]
    Plugin.objects.filter(name="@acme/mail").update(downloads=7)
    with django_assert_num_queries(1):
        catalogue.recount()
    assert list_names(catalogue, sort="downloads") == ["@acme/mail", "@acme/chat"]


def test_lists_and_headings_come_from_it(publisher: Publisher) -> None:
    publisher.publish("@acme/chat", tags=["talk"], categories=["data"], license="MIT")
    page = queries.list_plugins(PluginFilter(tag="talk"))
    assert ([plugin.name for plugin in page.plugins], page.total) == (["@acme/chat"], 1)
    assert queries.list_tags() == [("talk", 1)]
    assert queries.list_categories() == [("data", 1)]
    assert queries.list_licences() == [("MIT", 1)]
    assert queries.count_plugins() == 1
