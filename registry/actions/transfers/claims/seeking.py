"""Owners say that they look for somebody who takes their plugin over."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from registry.actions.transfers.rules import check_may_give_plugin
from registry.journal import append_entries
from registry.models import Plugin
from registry.publishing.ownership import iter_change_entries, write_ownership
from registry.queries.members import lock_plugin


def change_seeks_adoption(*, actor: User, plugin: Plugin, seeks_adoption: bool) -> bool:
    """Set or remove the mark as an owner; returns whether anything changed.

    With it, everybody may claim the plugin. Writes an audit entry and a journal entry. Raises
    `NotMemberError`, `ScopeOwnerError` and `UnknownPluginError`.
    """
    with transaction.atomic():
        locked = lock_plugin(plugin)
        check_may_give_plugin(actor, locked)
        if locked.seeks_adoption == seeks_adoption:
            return False
        locked.seeks_adoption = seeks_adoption
        locked.save(update_fields=["seeks_adoption"])
        verb = "sought" if seeks_adoption else "ended"
        record_audit_entry(actor=actor, action=f"plugin.adoption-{verb}", target=locked)
        written = write_ownership([locked.pk])
        event = f"plugin.adoption-{verb}"
        append_entries([*iter_change_entries(written, event)])
    return True
