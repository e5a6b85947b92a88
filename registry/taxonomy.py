"""Categories and tags of plugins, and the number of listed plugins in each.

The transaction that changes a plugin adds to and subtracts from the counts. Counting the rows each
time would take tens of milliseconds for a large category, and two transactions at the same time
would each miss the other's plugin.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Case, F, When

from registry.models import Category, Plugin, Tag

_DOT_SEGMENTS = {".", ".."}
_MODELS: tuple[tuple[type[Category | Tag], str], ...] = ((Category, "categories"), (Tag, "tags"))


def filter_taxonomy_slugs(slugs: Iterable[str]) -> list[str]:
    """The slugs that can have a page: those without dot segments.

    A slug is the end of a URL path, and browsers remove dot segments (`a/../b` becomes `b`) before
    they send a request (RFC 3986, section 5.2.4), so such a slug would lead to another page.
    """
    return [slug for slug in slugs if slug and not _DOT_SEGMENTS & set(slug.split("/"))]


def set_plugin_taxonomy(
    plugin: Plugin, slugs: Mapping[str, Collection[str]], *, was_listed: bool
) -> None:
    """Set the plugin's categories and tags, and update the counts.

    `slugs` contains the new slugs under `categories` and `tags`; a missing key leaves them
    unchanged. `was_listed` is the value of `plugin.is_listed` before the change. Call it in the
    transaction of the change, with the plugin's row locked. 2 queries if nothing changes.
    """
    for model, name in _MODELS:
        rows = getattr(plugin, name)
        before = set(rows.values_list("slug", flat=True))
        after = set(slugs.get(name, before))
        if after != before:
            _set_terms(rows, model, after)
        _update_plugin_counts(
            model, old=before if was_listed else set(), new=after if plugin.is_listed else set()
        )


def _set_terms(rows: Any, model: type[Category | Tag], slugs: Collection[str]) -> None:
    # Sorted: two transactions that create the same slugs wait for each other's rows, and in
    # different orders they would deadlock.
    stored: Any = model.objects
    stored.bulk_create([model(slug=slug) for slug in sorted(slugs)], ignore_conflicts=True)
    rows.set(stored.filter(slug__in=slugs))


def _update_plugin_counts(model: type[Category | Tag], *, old: set[str], new: set[str]) -> None:
    """Add 1 to the counts of `new` and subtract 1 from those of `old`: 2 queries, or none."""
    added, changed = new - old, new ^ old
    if not changed:
        return
    terms = model.objects.filter(slug__in=changed)
    # Locked in one order, so that of two transactions with the same terms one waits instead of
    # deadlocking. `FOR NO KEY UPDATE` does not block inserts that reference these rows.
    list(terms.order_by("slug").select_for_update(no_key=True).values_list("pk"))
    terms.update(plugin_count=F("plugin_count") + Case(When(slug__in=added, then=1), default=-1))


def add_plugin_counts(model: type[Category | Tag], added: Mapping[int, int]) -> None:
    """Add to the counts of categories or tags, by id; for bulk imports.

    One query per distinct number.
    """
    for count in sorted(set(added.values())):
        keys = [key for key, number in added.items() if number == count]
        model.objects.filter(pk__in=keys).update(plugin_count=F("plugin_count") + count)
