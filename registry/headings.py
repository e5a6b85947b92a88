"""Filing plugins under categories and tags, and the number of listed plugins under each.

The numbers are kept where plugins change, by adding and taking away in the same transaction. To
count them anew each time would take tens of milliseconds for a heading of many plugins, and two
transactions at once would each miss the other's plugin.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Case, F, When

from registry.models import Category, Plugin, Tag

_DOTS = {".", ".."}
_MODELS: tuple[tuple[type[Category | Tag], str], ...] = ((Category, "categories"), (Tag, "tags"))


def keep_headings(labels: Iterable[str]) -> list[str]:
    """The labels that a plugin can be filed under: those with a page of their own.

    A heading is the end of an address, and browsers shorten `a/../b` to `b` before they ask: what
    has `.` or `..` between slashes would lead to another page.
    """
    return [label for label in labels if label and not _DOTS & set(label.split("/"))]


def file_plugin(plugin: Plugin, slugs: Mapping[str, Collection[str]], *, was_listed: bool) -> None:
    """Set the headings of the plugin and move their counts.

    `slugs` has the new ones by the names `categories` and `tags`; where a name is missing they
    stay as they are. `was_listed` is what `plugin.is_listed` was before the change. Call it in the
    transaction of the change, with the plugin's row locked. 2 queries if nothing changes.
    """
    for model, name in _MODELS:
        rows = getattr(plugin, name)
        before = set(rows.values_list("slug", flat=True))
        after = set(slugs.get(name, before))
        if after != before:
            _set_headings(rows, model, after)
        _move_counts(
            model, old=before if was_listed else set(), new=after if plugin.is_listed else set()
        )


def _set_headings(rows: Any, model: type[Category | Tag], slugs: Collection[str]) -> None:
    # In one order for all: two plugins that bring the same new ones wait for each other's rows.
    stored: Any = model.objects
    stored.bulk_create([model(slug=slug) for slug in sorted(slugs)], ignore_conflicts=True)
    rows.set(stored.filter(slug__in=slugs))


def _move_counts(model: type[Category | Tag], *, old: set[str], new: set[str]) -> None:
    """Count the plugin where it came and no more where it left: 2 queries."""
    gained, changed = new - old, new ^ old
    if not changed:
        return
    headings = model.objects.filter(slug__in=changed)
    # In one order, so that of two transactions with the same headings one waits; `no_key`, because
    # filing under a heading only needs it to stay.
    list(headings.order_by("slug").select_for_update(no_key=True).values_list("pk"))
    headings.update(
        plugin_count=F("plugin_count") + Case(When(slug__in=gained, then=1), default=-1)
    )


def add_plugins(model: type[Category | Tag], added: Mapping[int, int]) -> None:
    """Count that many more listed plugins under each heading, by id.

    For many that are written at once; a query for each different number.
    """
    for count in sorted(set(added.values())):
        keys = [key for key, number in added.items() if number == count]
        model.objects.filter(pk__in=keys).update(plugin_count=F("plugin_count") + count)
