"""Revoke the tokens of people who leave an organization."""

from __future__ import annotations

from collections.abc import Collection

from accounts.actions.tokens.revoke_all_tokens import revoke_tokens
from accounts.models import ActorKind, Organization, Token, User
from plugport.spec.api.values import ORGANIZATION_LIMIT
from registry.models import Plugin, Scope


def revoke_limited_tokens(
    organization: Organization, users: Collection[User], by: User | ActorKind
) -> None:
    """Revoke the tokens of the accounts that are limited to what the organization owns: 1 query or more.

    They have no use any longer. All others keep working without the rights in the organization. Call it
    in the transaction of the removal. Writes an audit entry for each.
    """
    ids = [each.pk for each in users]
    rows = Token.objects.filter(user__in=ids, revoked_at=None).exclude(limits=[])
    tokens = list(rows)
    if not tokens:
        return
    scopes = Scope.objects.filter(owner__organization=organization)
    owned = {
        f"@{organization.name}",
        f"{ORGANIZATION_LIMIT}{organization.name}",
        *(f"@{name}" for name in scopes.values_list("name", flat=True)),
    }
    limits = {limit for token in tokens for limit in token.limits}
    plugins = Plugin.objects.filter(members__holder__organization=organization, name__in=limits)
    owned.update(plugins.values_list("name", flat=True))
    # A new plugin in a scope of the organization is its own too.
    ended = [
        token
        for token in tokens
        if all(limit in owned or limit.partition("/")[0] in owned for limit in token.limits)
    ]
    revoke_tokens(ended, by=by)
