"""Change how a plugin is published: with which tokens, and with whose approval."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from registry.journal import append_change
from registry.models import Plugin
from registry.policies import check_may_manage_trusted_publishers
from registry.queries.members import lock_plugin


def change_publishing_rules(
    *,
    actor: User,
    plugin: Plugin,
    trusted_only: bool | None = None,
    stages_trusted: bool | None = None,
) -> Plugin:
    """Change what is given; returns the plugin. Writes an audit entry, and the journal.

    `trusted_only`: tokens of people cannot publish. `stages_trusted`: releases of CI jobs wait for
    approval. Both are as public as the plugin. Raises `NotMemberError`.
    """
    check_may_manage_trusted_publishers(actor, plugin)
    given = {"trusted_publishing_only": trusted_only, "stages_trusted_releases": stages_trusted}
    with transaction.atomic():
        locked = lock_plugin(plugin)
        check_may_manage_trusted_publishers(actor, locked)
        changes = {
            column: value
            for column, value in given.items()
            if value is not None and value != getattr(locked, column)
        }
        if not changes:
            return locked
        for column, value in changes.items():
            setattr(locked, column, value)
        locked.save(update_fields=list(changes))
        record_audit_entry(
            actor=actor,
            action="plugin.publishing-changed",
            target=locked,
            before={column: not value for column, value in changes.items()},
            after=changes,
        )
        # A plugin that was never published has no document, and is not public.
        if locked.document:
            append_change(locked, "plugin.edited", fields=sorted(changes))
    return locked
