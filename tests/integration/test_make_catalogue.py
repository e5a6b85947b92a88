"""A catalog is generated reproducibly, only once, and next to plugins that were published."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bench.seed.generator import PluginGenerator, build_authors
from bench.seed.packages import build_package
from registry.models import JournalEntry, Plugin, Release
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db


def make(count: int, **options: Any) -> str:
    out = StringIO()
    call_command("make_catalogue", count, stdout=out, **options)
    return out.getvalue()


def invent(count: int, seed: int) -> list[Any]:
    authors = build_authors(count, set())
    return list(PluginGenerator(count, seed=seed, authors=authors, taken=set()).iter_plugins())


def test_the_same_seed_gives_the_same_plugins_and_bytes() -> None:
    first, second, other = invent(300, 7), invent(300, 7), invent(300, 8)
    assert first == second
    assert [build_package(p).body for p in first] == [build_package(p).body for p in second]
    assert {str(p.manifest.name) for p in first} != {str(p.manifest.name) for p in other}


def test_names_are_valid_and_do_not_collide() -> None:
    plugins = invent(3000, 1)
    keys = {plugin.manifest.name.collision_key for plugin in plugins}
    assert len(keys) == 3000
    parsed = [type(p.manifest.name).parse(str(p.manifest.name)) for p in plugins]
    assert parsed == [plugin.manifest.name for plugin in plugins]


def test_few_plugins_have_most_of_the_downloads() -> None:
    downloads = sorted((plugin.downloads for plugin in invent(1000, 1)), reverse=True)
    assert sum(downloads[:50]) > sum(downloads[50:])


def test_the_journal_has_every_release_without_a_gap(publisher: Publisher) -> None:
    publisher.publish()
    make(40)
    entries = list(JournalEntry.objects.values_list("serial", "event", "plugin"))
    assert [serial for serial, _, _ in entries] == list(range(1, 42))
    assert {plugin for _, _, plugin in entries} == set(
        Plugin.objects.values_list("name", flat=True)
    )


def test_publishing_still_works(publisher: Publisher) -> None:
    before = publisher.publish("@acme/chat")
    make(40)
    after = publisher.publish("@acme/chat", "1.1.0")
    new = publisher.publish("@acme/mail")
    assert before.plugin_id == after.plugin_id
    assert new.pk > Release.objects.filter(plugin__scope__name="harbour-labs").latest("pk").pk
    assert {after.state, new.state} == {"published"}


def test_the_catalog_is_generated_once() -> None:
    make(10)
    with pytest.raises(CommandError, match="holds a generated catalog"):
        make(10)
    assert Plugin.objects.count() == 10


def test_production_is_refused_unless_forced(settings: Any) -> None:
    settings.IS_PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        make(10)
    assert not Plugin.objects.exists()
    assert "10 / 10" in make(10, force=True)
    assert Plugin.objects.count() == 10


@pytest.mark.parametrize("count", [0, -1, 1_000_001])
def test_counts_out_of_bounds_are_refused(count: int) -> None:
    with pytest.raises(CommandError, match="Allowed: 1 to 1,000,000"):
        make(count)
