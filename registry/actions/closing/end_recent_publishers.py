"""Remove the trusted publishers that an account added shortly before its owner recovers it."""

from __future__ import annotations

import datetime as dt

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.tokens.mint_token import revoke_minted_tokens
from accounts.hooks.recovery import AddedAccess
from accounts.models import User
from registry.models import TrustedPublisher


def end_recent_publishers(user: User, since: dt.datetime) -> AddedAccess:
    """Delete those created since the time, and revoke the tokens of their jobs; returns lines about all.

    Writes audit entries. Call it in a transaction.
    """
    found = AddedAccess([], [])
    rows = TrustedPublisher.objects.filter(created_by=user).select_related("plugin")
    for publisher in rows.select_for_update(of=("self",)).order_by("pk"):
        name = f"trusted publisher of {publisher.name}: {publisher.repository or publisher.issuer}"
        if not found.add(name, publisher.created_at, since):
            continue
        record_audit_entry(
            actor=user,
            action="trusted-publisher.removed",
            target=publisher.plugin or publisher.name,
            id=publisher.pk,
            provider=publisher.provider,
            repository=publisher.repository or publisher.issuer,
            revoked_tokens=revoke_minted_tokens(publisher.source),
        )
        publisher.delete()
    return found
