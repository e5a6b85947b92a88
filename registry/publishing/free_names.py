"""Names of plugins that were never accepted become free again.

Without this, one rejected upload would take a name forever. The wait gives its author time to fix
the problems, and a moderator time to look at the attempt.
"""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError
from django.db.models import Count, Min, Q
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from registry.models import Plugin
from registry.models.states import ReleaseState

FREE_AFTER = dt.timedelta(hours=24)


def is_name_free(plugin: Plugin) -> bool:
    """Whether another account may take the plugin's name: 1 query.

    All of its releases were rejected, and the first was sent `FREE_AFTER` ago. Counted from the
    first, so that nobody keeps a name by sending rejected packages again and again.
    """
    found = plugin.releases.aggregate(
        open=Count("pk", filter=~Q(state=ReleaseState.REJECTED)), sent_at=Min("created_at")
    )
    is_old = found["sent_at"] is not None and found["sent_at"] <= timezone.now() - FREE_AFTER
    return is_old and not found["open"]


def free_name(actor: User, plugin: Plugin) -> None:
    """Delete the plugin and its rejected releases; the audit log keeps them.

    Call it in a transaction. Raises `IntegrityError` if its owner sent another release meanwhile.
    """
    locked = Plugin.objects.select_for_update(of=("self",)).filter(pk=plugin.pk).first()
    if locked is None:
        return
    if not is_name_free(locked):
        raise IntegrityError(f"the name `{locked.name}` was used in the meantime")
    record_audit_entry(actor=actor, action="plugin.name-freed", target=locked)
    locked.delete()
