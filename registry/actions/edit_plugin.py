"""Edit a plugin's metadata without a new release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from registry.journal import append_change
from registry.models import Plugin
from registry.policies import check_may_manage
from registry.publishing.refresh import refresh_plugin
from registry.representations.plugins import EDITABLE_FIELDS


def edit_plugin(
    *, actor: User, plugin: Plugin, changes: Mapping[str, Any], replace: bool = False
) -> Plugin:
    """Store the author's edits, which take precedence over the manifest.

    `changes` maps names of `EDITABLE_FIELDS` to validated values; None restores the manifest's
    value. With `replace`, fields that are not in `changes` are restored too. Raises
    `NotMemberError`.
    """
    check_may_manage(actor, plugin)
    with transaction.atomic():
        # Locked, so that of two edits at the same time the second keeps the first one's fields.
        locked = Plugin.objects.select_for_update(of=("self",)).get(pk=plugin.pk)
        metadata = {} if replace else dict(locked.metadata)
        metadata.update({name: changes[name] for name in EDITABLE_FIELDS if name in changes})
        locked.metadata = {name: value for name, value in metadata.items() if value is not None}
        locked.save(update_fields=["metadata"])
        edited = refresh_plugin(locked.pk)
        record_audit_entry(
            actor=actor, action="plugin.edited", target=edited, fields=sorted(changes)
        )
        # Last: the journal's lock is held until the commit.
        append_change(edited, "plugin.edited", fields=sorted(changes))
    return edited
