"""Writing the audit record."""

from __future__ import annotations

from typing import Any

from accounts.models import AuditEntry, User


def record_act(*, actor: User | None, action: str, target: str = "", **details: Any) -> AuditEntry:
    """Append one entry; call it inside the transaction of the act. `actor` None is the system.

    `details` are JSON-ready values; secrets have no place in them.
    """
    return AuditEntry.objects.create(
        actor=actor,
        actor_name=actor.username if actor else "system",
        action=action,
        target=target,
        details=details,
    )
