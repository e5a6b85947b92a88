"""Revoke the tokens of an account whose password changes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import ActorKind, DeviceLogin, Token, User
from accounts.queries.token_cache import token_cache


@dataclass(frozen=True, slots=True)
class RevokedTokens:
    """The tokens that were usable before: those that stay usable, and those that do not."""

    kept: list[Token]
    revoked: list[Token]


def revoke_all_tokens(
    *, user: User, by: User | ActorKind | None, kept_token_ids: Collection[int] = ()
) -> RevokedTokens:
    """Revoke all tokens of the account but those with the given ids; an audit entry for each.

    Programs whose sign-in was approved and that have no token yet get none.

    `by` None means an operator. Holds the lock of the account, as `create_token` does: no token can
    be created between the change of the password and the revocation.
    """
    with transaction.atomic():
        User.objects.select_for_update().filter(pk=user.pk).first()
        now = timezone.now()
        kept, revoked = [], []
        # Also those of CI jobs, which `list_tokens` leaves out.
        for token in Token.objects.filter(user=user, revoked_at=None):
            if token.pk in kept_token_ids:
                kept.append(token)
                continue
            token.revoked_at = now
            token.save(update_fields=["revoked_at"])
            record_audit_entry(actor=by, action="token.revoked", target=token)
            # The owner need not be told about those that had expired.
            if token.expires_at > now:
                revoked.append(token)
        DeviceLogin.objects.filter(user=user).delete()
        transaction.on_commit(token_cache.clear)
    return RevokedTokens(kept, revoked)
