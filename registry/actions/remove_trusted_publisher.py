"""Let a CI job no longer publish a plugin."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.tokens.mint_token import revoke_minted_tokens
from accounts.models import User
from registry.models import TrustedPublisher
from registry.queries.trusted_publishers import get_trusted_publisher


def remove_trusted_publisher(*, actor: User, publisher_id: int) -> TrustedPublisher:
    """Delete a trusted publisher, and revoke the tokens of its jobs; returns what was deleted.

    An upload in progress with such a token is not recorded. Writes an audit entry. Raises
    `UnknownTrustedPublisherError` and `NotMemberError`.
    """
    with transaction.atomic():
        publisher = get_trusted_publisher(actor, publisher_id, is_locked=True)
        revoked = revoke_minted_tokens(publisher.source)
        record_audit_entry(
            actor=actor,
            action="trusted-publisher.removed",
            target=publisher.plugin or publisher.name,
            id=publisher.pk,
            provider=publisher.provider,
            repository=publisher.repository or publisher.issuer,
            revoked_tokens=revoked,
        )
        TrustedPublisher.objects.filter(pk=publisher.pk).delete()
    return publisher
