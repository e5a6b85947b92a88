"""Append an entry to the audit log."""

from __future__ import annotations

from typing import Any

from accounts.models import AuditEntry, User


def record_audit_entry(
    *, actor: User | None, action: str, target: str = "", **details: Any
) -> AuditEntry:
    """Append one entry. `actor` None means the system.

    Call it in the transaction of the action, so that no change exists without its entry. `details`
    are JSON-ready values and must not contain secrets.
    """
    return AuditEntry.objects.create(
        actor=actor,
        actor_name=actor.username if actor else "system",
        action=action,
        target=target,
        details=details,
    )
