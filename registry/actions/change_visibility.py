"""Change who may see a plugin, or the plugins of a scope.

What others have installed or copied stays with them: nothing is unpublished. The registry stops serving it
to those who may no longer see it, and purges shared caches.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from registry.journal import append_entries
from registry.models import Artifact, JournalEntry, Plugin, Scope, Visibility
from registry.models.states import ReleaseState
from registry.policies import check_may_change_scope_visibility, check_may_change_visibility
from registry.publishing.first_visibility import check_visibility_allowed
from registry.publishing.purge import enqueue_plugin_purge
from registry.publishing.refresh import refresh_plugin
from registry.queries.catalog import was_published
from registry.queries.members import lock_plugin


def change_visibility(*, actor: User, plugin: Plugin, visibility: Visibility) -> Plugin:
    """Change who may see the plugin, at once; returns it.

    Writes audit and journal entries, and the jobs that purge shared caches when it was public. A plugin
    that is no longer public is not featured any longer. Raises `NotMemberError`, `UnknownPluginError`,
    `InvalidVisibilityError` and `VisibilityConflictError`.
    """
    check_may_change_visibility(actor, plugin)
    with transaction.atomic():
        # The scope first, as in a change of the scope.
        scope = _lock_scope(plugin.scope_id) if plugin.scope_id else None
        locked = lock_plugin(plugin)
        check_may_change_visibility(actor, locked)
        check_visibility_allowed(locked.parsed_name, visibility, scope)
        changed, entries = _apply(actor, locked, visibility)
        append_entries(entries)
    return changed


def change_scope_visibility(*, actor: User, scope: Scope, visibility: Visibility) -> Scope:
    """Change the widest visibility of the scope's plugins, which is also that of new ones.

    Plugins that are wider get it; no plugin becomes wider. Writes what `change_visibility` writes, for each
    plugin and for the scope. Raises `NotMemberError`.
    """
    check_may_change_scope_visibility(actor, scope)
    with transaction.atomic():
        locked = _lock_scope(scope.pk)
        check_may_change_scope_visibility(actor, locked)
        before, locked.visibility = locked.visibility, visibility
        if before == visibility:
            return locked
        locked.save(update_fields=["visibility"])
        entries: list[dict[str, Any]] = []
        # In one order, so that of two transactions one waits.
        for plugin in Plugin.objects.filter(scope=locked).order_by("pk"):
            if Visibility(plugin.visibility).is_wider_than(visibility):
                entries += _apply(actor, lock_plugin(plugin), visibility)[1]
        record_audit_entry(
            actor=actor,
            action="scope.visibility-changed",
            target=locked,
            before=before,
            after=str(visibility),
        )
        append_entries(entries)
    return locked


def _lock_scope(key: int) -> Scope:
    rows = Scope.objects.select_for_update(of=("self",), no_key=True).select_related("owner")
    return rows.get(pk=key)


def _apply(
    actor: User, plugin: Plugin, visibility: Visibility
) -> tuple[Plugin, list[dict[str, Any]]]:
    """Change the plugin, whose row is locked; returns it and the entries for the journal."""
    before = plugin.visibility
    if before == visibility:
        return plugin, []
    plugin.visibility = visibility
    if plugin.is_restricted:
        plugin.featured_at = None
    plugin.save(update_fields=["visibility", "featured_at"])
    record_audit_entry(
        actor=actor,
        action="plugin.visibility-changed",
        target=plugin,
        before=before,
        after=str(visibility),
    )
    # A document would make a plugin public that was never published.
    if was_published(plugin):
        plugin = refresh_plugin(plugin.pk)
    if before == Visibility.PUBLIC:
        enqueue_plugin_purge(plugin)
        return plugin, [{"event": "plugin.withdrawn", "plugin": plugin.name}]
    return plugin, [] if plugin.is_restricted else [*_iter_public_entries(plugin)]


def _iter_public_entries(plugin: Plugin) -> Iterator[dict[str, Any]]:
    """The entries by which readers of the journal learn of what nobody could see before: 2 queries."""
    known = JournalEntry.objects.filter(plugin=plugin.name, event="release.published")
    versions = set(known.values_list("version", flat=True))
    rows = Artifact.objects.filter(
        role="package", release__plugin=plugin, release__state=ReleaseState.PUBLISHED
    )
    for artifact in rows.select_related("release").order_by("release__published_at", "pk"):
        if artifact.release.version not in versions:
            yield {
                "event": "release.published",
                "plugin": plugin.name,
                "version": artifact.release.version,
                "data": {
                    "sha256": artifact.sha256,
                    "integrity": artifact.integrity,
                    "size": artifact.size_bytes,
                },
            }
    yield {"event": "plugin.published", "plugin": plugin.name}
