"""Replace an API token by another one that can do the same."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.tokens.create_token import create_token
from accounts.actions.tokens.revoke_token import revoke_token
from accounts.errors import UnknownTokenError
from accounts.models import Token, User
from accounts.models.token import MAX_LIFETIME
from accounts.security.organization_session import check_is_personal


def regenerate_token(*, actor: User, token_id: int) -> tuple[Token, str]:
    """Revoke a token of the actor and create one with its name, scopes, limits and lifetime.

    Returns it with its text. An expired token can be replaced too, but none
    of a CI job. The tokens that were created with the
    former one end. Writes audit entries. Raises `UnknownTokenError` and what `create_token` raises.
    """
    check_is_personal(actor)
    with transaction.atomic():
        # Locked, so that two requests at the same time create one token.
        rows = Token.objects.select_for_update(of=("self",), no_key=True)
        former = rows.filter(user=actor, id=token_id, revoked_at=None, minted=None).first()
        if former is None:
            raise UnknownTokenError("Your account has no such token.")
        revoke_token(actor=actor, token_id=token_id)
        lifetime = min(former.expires_at - former.created_at, MAX_LIFETIME)
        return create_token(
            actor=actor,
            name=former.name,
            scopes=former.scopes,
            limits=former.limits,
            networks=former.networks,
            days=max(1, round(lifetime.total_seconds() / 86_400)),
        )
