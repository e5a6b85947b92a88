"""Revoke a SCIM token: by an owner of the organization, or because it leaked."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import ScimToken, User


def end_scim_token(token: ScimToken, *, by: User | None, **details: Any) -> None:
    """Revoke a token, in the transaction of the caller; `by` None means the system."""
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record_audit_entry(
        actor=by,
        action="scim-token.revoked",
        target=token.organization,
        token=str(token),
        **details,
    )
