"""Counts of categories and tags while many plugins change at once on PostgreSQL."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from accounts.models import User
from registry.actions.edit_plugin import edit_plugin
from registry.models import Plugin, Tag
from tests.support.publishing import Publisher

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
THREADS, EDITS = 6, 12
TAGS = [f"tag-{number}" for number in range(8)]


def test_counts_include_all_plugins_that_change_at_once(
    postgres: str, publisher: Publisher, owner: User
) -> None:
    """Each plugin changes in its own thread, tags in any order: no deadlock, no lost count."""
    plugins = [publisher.publish(f"@acme/plugin-{n}").plugin for n in range(THREADS)]
    barrier = threading.Barrier(THREADS)

    def change(plugin: Plugin) -> None:
        chance = random.Random(plugin.name)
        try:
            barrier.wait(timeout=30)
            for _ in range(EDITS):
                tags = chance.sample(TAGS, chance.randint(0, len(TAGS)))
                edit_plugin(actor=owner, plugin=plugin, changes={"tags": tags})
        finally:
            connections.close_all()

    assert connection.vendor == "postgresql"
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(change, plugins))
    counted = dict(Tag.objects.values_list("slug", "plugin_count"))
    assert counted == {tag.slug: tag.plugins.count() for tag in Tag.objects.all()}
    assert sum(counted.values()) > 0
