"""Put a plugin on the front page, or take it off."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.audit import record_act
from accounts.models import User
from registry.models import Plugin
from registry.policies import check_may_moderate


def feature_plugin(*, actor: User, plugin: Plugin, is_featured: bool = True) -> bool:
    """Show it from now on, or no longer; returns whether that is a change.

    What is featured already keeps its place. Raises `NotMemberError` unless the actor moderates.
    """
    check_may_moderate(actor)
    with transaction.atomic():
        changed = Plugin.objects.filter(pk=plugin.pk, featured_at__isnull=is_featured).update(
            featured_at=timezone.now() if is_featured else None
        )
        if changed:
            verb = "featured" if is_featured else "unfeatured"
            record_act(actor=actor, action=f"plugin.{verb}", target=plugin.name)
    return bool(changed)
