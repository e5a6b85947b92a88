"""Feature a plugin on the front page, or stop featuring it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from registry.models import Plugin
from registry.policies import check_may_moderate


def feature_plugin(*, actor: User, plugin: Plugin, is_featured: bool = True) -> bool:
    """Feature the plugin, or stop featuring it; returns whether anything changed.

    A plugin that is featured already keeps its position. Raises `NotMemberError` unless the actor
    is a moderator.
    """
    check_may_moderate(actor)
    with transaction.atomic():
        # The condition is part of the update: of two moderators at the same time one changes the row,
        # and only that change is audited. There is no journal entry, because mirrors follow plugins
        # and not this registry's front page.
        changed = Plugin.objects.filter(pk=plugin.pk, featured_at__isnull=is_featured).update(
            featured_at=timezone.now() if is_featured else None
        )
        if changed:
            verb = "featured" if is_featured else "unfeatured"
            record_audit_entry(actor=actor, action=f"plugin.{verb}", target=plugin)
    return bool(changed)
