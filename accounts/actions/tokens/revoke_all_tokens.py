"""Revoke the tokens of accounts: after a new password, or because the account ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import Act, record_audit_entries
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
    """Revoke all tokens of the account but those with the given ids, as `revoke_tokens` does.

    Programs whose sign-in was approved and that have no token yet get none.

    `by` None means an operator. Holds the lock of the account, as `create_token` does: no token can
    be created between the change of the password and the revocation.
    """
    with transaction.atomic():
        User.objects.select_for_update().filter(pk=user.pk).first()
        # Also those of CI jobs, which `list_tokens` leaves out.
        tokens = list(Token.objects.filter(user=user, revoked_at=None))
        ended = [each for each in tokens if each.pk not in kept_token_ids]
        now = revoke_tokens(ended, by=by)
        DeviceLogin.objects.filter(user=user).delete()
        transaction.on_commit(token_cache.clear)
    kept = [each for each in tokens if each.pk in kept_token_ids]
    # The owner need not be told about those that had expired.
    return RevokedTokens(kept, [each for each in ended if each.expires_at > now])


def revoke_tokens_of_robots(robots: Collection[User], *, by: User) -> None:
    """Revoke all tokens of the robots, as `revoke_tokens` does, under the same locks as `revoke_all_tokens`."""
    with transaction.atomic():
        ids = [each.pk for each in robots]
        list(User.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        revoke_tokens(list(Token.objects.filter(user__in=ids, revoked_at=None)), by=by)


def revoke_tokens(tokens: Collection[Token], *, by: User | ActorKind | None) -> dt.datetime:
    """Revoke the tokens in the transaction of the caller, with an audit entry for each.

    A number of statements that does not depend on that of the tokens, but for batches of rows. Returns
    the time.
    """
    now = timezone.now()
    Token.objects.filter(pk__in=[each.pk for each in tokens]).update(revoked_at=now)
    for each in tokens:
        each.revoked_at = now
    record_audit_entries(actor=by, acts=[Act("token.revoked", each) for each in tokens])
    transaction.on_commit(token_cache.clear)
    return now
