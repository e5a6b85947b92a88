"""Take a token back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.audit import record_act
from accounts.errors import UnknownTokenError
from accounts.models import Token, User


def revoke_token(*, actor: User, token_id: int) -> Token:
    """Make a token of the actor useless, from the next request on.

    Tokens are looked up at every request and never cached, so there is no delay. Raises
    `UnknownTokenError`. Revoking twice changes nothing.
    """
    with transaction.atomic():
        token = Token.objects.filter(user=actor, id=token_id).first()
        if token is None:
            raise UnknownTokenError("This account has no such token.")
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            record_act(actor=actor, action="token.revoked", target=str(token))
    return token
