"""Revoke the tokens of a person who leaves an organization."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import ActorKind, Organization, Token, User
from accounts.queries.token_cache import token_cache
from plugport.spec.api.values import ORGANIZATION_LIMIT
from registry.models import Plugin, Scope


def revoke_limited_tokens(organization: Organization, user: User, by: User | ActorKind) -> None:
    """Revoke the tokens of the account that are limited to what the organization owns: 2 queries or more.

    They have no use any longer. All others keep working without the rights in the organization. Call it
    in the transaction of the removal. Writes an audit entry for each.
    """
    tokens = [each for each in Token.objects.filter(user=user, revoked_at=None) if each.limits]
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
    for token in tokens:
        # A new plugin in a scope of the organization is its own too.
        if all(limit in owned or limit.partition("/")[0] in owned for limit in token.limits):
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            record_audit_entry(actor=by, action="token.revoked", target=token)
    transaction.on_commit(token_cache.clear)
