"""Put a plugin on the front page, or take it off."""

from __future__ import annotations

from django.db import transaction

from accounts.audit import record_act
from accounts.models import User
from registry.models import Plugin
from registry.policies import check_may_moderate


def feature_plugin(*, actor: User, plugin: Plugin, is_featured: bool = True) -> None:
    """Set or clear the mark. Raises `NotMemberError` unless the actor moderates."""
    check_may_moderate(actor)
    with transaction.atomic():
        if Plugin.objects.filter(pk=plugin.pk, is_featured=not is_featured).update(
            is_featured=is_featured
        ):
            verb = "featured" if is_featured else "unfeatured"
            record_act(actor=actor, action=f"plugin.{verb}", target=plugin.name)
