"""Revoke an API token."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import UnknownTokenError
from accounts.models import Token, User


def revoke_token(*, actor: User, token_id: int) -> Token:
    """Revoke a token of the actor and write an audit entry. Raises `UnknownTokenError`.

    It takes effect with the next request: tokens are looked up each time and never cached.
    Revoking a revoked token changes nothing.
    """
    with transaction.atomic():
        # Limited to the actor: the id of another user's token is as unknown as a missing one.
        token = Token.objects.filter(user=actor, id=token_id).first()
        if token is None:
            raise UnknownTokenError("Your account has no such token.")
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            record_audit_entry(actor=actor, action="token.revoked", target=str(token))
    return token
