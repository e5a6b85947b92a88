"""Name the people who joined the plugins of an account shortly before its owner recovers it."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef

from accounts.hooks.recovery import AddedAccess
from accounts.models import User
from registry.models import Member, Role


def list_recent_members(user: User, since: dt.datetime) -> AddedAccess:
    """Lines about those who joined since the time: 1 query. They stay: others of them may be wanted.

    A thief may have invited an accomplice, who accepted.
    """
    own = Member.objects.filter(
        plugin=OuterRef("plugin"), holder__user=user, role__in=(Role.OWNER, Role.MAINTAINER)
    )
    rows = Member.objects.filter(Exists(own), created_at__gte=since).exclude(holder__user=user)
    return AddedAccess(
        [],
        [
            f"{row.role} {row.holder.name} of {row.plugin.name}, added {row.created_at:%Y-%m-%d %H:%M} UTC"
            for row in rows.select_related("holder", "plugin").order_by("pk")
        ],
    )
