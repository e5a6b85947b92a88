"""Bring a plugin's dist-tags, columns, taxonomy and public document up to date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from registry.journal import append_change
from registry.models import Plugin, Role
from registry.publishing.dist_tags import LATEST, update_dist_tags
from registry.publishing.ownership import build_ownership
from registry.representations.plugins import build_plugin_document, build_public_metadata
from registry.taxonomy import filter_taxonomy_slugs, set_plugin_taxonomy

# Not the counters: downloads and ratings are added to by other transactions at the same time, and
# writing the values read here would lose what they added.
_REFRESHED_COLUMNS = (
    "kind",
    "dialect",
    "display_name",
    "description",
    "author_name",
    "license",
    "trust",
    "is_listed",
    "document",
    "latest",
    "updated_at",
)


def refresh_plugin(plugin_id: int) -> Plugin:
    """Recompute everything about the plugin that follows from its releases and edits.

    Call it inside the transaction of the change. It locks the plugin's row, so when two releases
    are decided at once, the second transaction sees the first release. A plugin without an
    installable release, or that is not public, is not listed.
    """
    rows = Plugin.objects.select_for_update(of=("self",)).select_related("scope")
    plugin = rows.get(pk=plugin_id)
    tags = update_dist_tags(plugin)
    latest = plugin.latest = tags.get(LATEST)
    manifest = latest.contents.manifest if latest is not None else {}
    was_listed = plugin.is_listed
    plugin.is_listed = latest is not None and not plugin.is_restricted
    plugin.updated_at = timezone.now()
    slugs: dict[str, list[str]] = {}
    if latest is not None:
        metadata = build_public_metadata(plugin, manifest)
        set_manifest_columns(plugin, metadata)
        plugin.trust = latest.trust
        slugs = {name: normalize_slugs(metadata.get(name, [])) for name in ("categories", "tags")}
    set_plugin_taxonomy(plugin, slugs, was_listed=was_listed)
    plugin.document = build_plugin_document(
        plugin,
        latest,
        manifest,
        ownership=build_ownership([plugin])[plugin.pk],
        dist_tags={name: tags[name].version for name in sorted(tags)},
    )
    plugin.save(update_fields=_REFRESHED_COLUMNS)
    return plugin


def refresh_owners(plugin: Plugin) -> None:
    """Bring the owners in the public document up to date, with a journal entry if they changed.

    Call it last in the transaction that changes members of the plugin, whose row it locked.
    """
    # A plugin that was never published has no document, and a document would make it public.
    if plugin.document and plugin.document["owners"] != _list_owners(plugin):
        owners = refresh_plugin(plugin.pk).document["owners"]
        append_change(plugin, "plugin.owners-changed", owners=owners)


def _list_owners(plugin: Plugin) -> list[str]:
    owners = plugin.members.filter(role=Role.OWNER).order_by("created_at", "id")
    return list(owners.values_list("holder__name", flat=True))


def set_manifest_columns(plugin: Plugin, metadata: Mapping[str, Any]) -> None:
    """Set the columns that lists filter and sort by; values are cut to the column's length."""
    plugin.kind = metadata["kind"]
    plugin.dialect = metadata["dialect"]
    plugin.display_name = (metadata.get("displayName") or "")[:200]
    plugin.description = metadata.get("description") or ""
    plugin.author_name = ((metadata.get("author") or {}).get("name") or "")[:200]
    plugin.license = (metadata.get("license") or "")[:200]


def normalize_slugs(slugs: Iterable[str]) -> list[str]:
    """The slugs without duplicates and unusable ones, each cut to the column's length."""
    return list(dict.fromkeys(filter_taxonomy_slugs(slug[:60] for slug in slugs)))
