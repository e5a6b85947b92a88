"""The counts of categories and tags always equal the number of listed plugins."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Q
from hypothesis import settings

from accounts.models import User
from bench.seed.catalog import create_catalog
from registry.actions.edit_plugin import edit_plugin
from registry.actions.moderate_release import quarantine_release, restore_release
from registry.models import Category, Plugin, Release, Tag
from registry.models.states import ReleaseState
from registry.queries import catalog
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = pytest.mark.django_db
TAGS = ("chat", "mail", "data", "tests", "cards")
# A hundred with the profile `full`.
CHANGES = max(40, settings.default.max_examples)


def recount(model: type[Category | Tag]) -> dict[str, int]:
    """The correct counts, from the rows themselves."""
    listed = Count("plugins", filter=Q(plugins__is_listed=True))
    return dict(model.objects.annotate(listed=listed).values_list("slug", "listed"))


def expect_right_counts() -> None:
    for model in (Category, Tag):
        assert dict(model.objects.values_list("slug", "plugin_count")) == recount(model)


def test_a_plugin_counts_while_it_is_listed(publisher: Publisher, moderator: User) -> None:
    release = publisher.publish("@acme/chat", categories=["data"], tags=["talk", "bots"])
    assert catalog.list_categories() == [("data", 1)]
    assert catalog.list_tags() == [("bots", 1), ("talk", 1)]
    quarantine_release(actor=moderator, release=release, reason="Under review.")
    assert catalog.list_categories() == catalog.list_tags() == []
    expect_right_counts()
    release.refresh_from_db()
    restore_release(actor=moderator, release=release, reason="Fine.")
    assert catalog.list_categories() == [("data", 1)]
    assert catalog.list_tags() == [("bots", 1), ("talk", 1)]


def test_an_unchecked_release_is_not_counted(owner: User) -> None:
    publish_bytes(owner, build_package(categories=["data"], tags=["talk"]))
    assert Plugin.objects.count() == 1
    assert catalog.list_categories() == catalog.list_tags() == []


def test_largest_first_then_by_name(publisher: Publisher) -> None:
    publisher.publish("@acme/one", tags=["b", "c"])
    publisher.publish("@acme/two", tags=["c", "a"])
    assert catalog.list_tags() == [("c", 2), ("a", 1), ("b", 1)]
    assert catalog.list_tags(max_results=1) == [("c", 2)]


def test_numbers_never_drift(publisher: Publisher, owner: User, moderator: User) -> None:
    """Changes in random order: publish, edit, quarantine, restore."""
    chance = random.Random(5)

    def pick() -> list[str]:
        return chance.sample(TAGS, chance.randint(0, 3))

    def publish() -> None:
        number = chance.randint(1, 6)
        version = f"1.{Release.objects.count()}.0"
        publisher.publish(f"@acme/plugin-{number}", version, categories=pick(), tags=pick())

    def edit() -> None:
        plugin = chance.choice(list(Plugin.objects.all()))
        changes: dict[str, Any] = {"tags": chance.choice((None, pick()))}
        edit_plugin(actor=owner, plugin=plugin, changes=changes, replace=chance.random() < 0.5)

    def decide(state: ReleaseState, act: Callable[..., None]) -> None:
        chosen = list(Release.objects.filter(state=state))
        if chosen:
            act(actor=moderator, release=chance.choice(chosen), reason="Chance.")

    acts = (
        publish,
        edit,
        lambda: decide(ReleaseState.PUBLISHED, quarantine_release),
        lambda: decide(ReleaseState.PUBLISHED, quarantine_release),
        lambda: decide(ReleaseState.QUARANTINED, restore_release),
    )
    publish()
    for _ in range(CHANGES):
        chance.choice(acts)()
        expect_right_counts()
    assert not all(Plugin.objects.values_list("is_listed", flat=True))


def test_a_generated_catalog_is_counted() -> None:
    create_catalog(count=150, seed=3, on_progress=lambda _: None)
    expect_right_counts()
    assert sum(count for _, count in catalog.list_categories()) > 150


def test_the_migration_counts_existing_plugins(publisher: Publisher, moderator: User) -> None:
    publisher.publish("@acme/chat", categories=["data"], tags=["talk", "bots"])
    gone = publisher.publish("@acme/mail", categories=["data"], tags=["talk"])
    quarantine_release(actor=moderator, release=gone, reason="Under review.")
    for model in (Category, Tag):
        model.objects.update(plugin_count=99)
    migration = MigrationExecutor(connection).loader.get_migration(
        "registry", "0004_count_headings_and_list_from_tables"
    )
    (fill,) = (o for o in migration.operations if hasattr(o, "code"))
    from django.apps import apps

    fill.code(apps, None)
    expect_right_counts()
