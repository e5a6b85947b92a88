"""Create a scope."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import Owner, User
from accounts.policies import check_is_verified
from accounts.queries.reserved_prefixes import check_prefix, share_prefixes
from common.name_locks import lock_name
from plugport.spec.names import PluginName, check_reserved, parse_scope
from registry.errors import PublishRaceError
from registry.models import Scope
from registry.policies import check_may_create_scope, require_person


def create_scope(*, actor: User, name: str, owner: Owner | None = None) -> tuple[Scope, bool]:
    """Create a scope; returns it, and whether it is new: a scope that the owner has stays as it is.

    `name` may start with `@`. Owners of an organization create scopes for it. Moderators
    create scopes for every `owner`, without a limit and also with the names of well-known
    organizations. Writes the scope and an audit entry. Raises
    `EmailNotVerifiedError`, `InvalidNameError`, `ReservedNameError`, `ReservedPrefixError`, and what `check_may_create_scope` raises.
    """
    check_is_verified(actor)
    scope_name = parse_scope(name.strip().lower())
    check_reserved(PluginName(scope_name, scope_name))
    owner = owner or require_person(actor)
    try:
        with transaction.atomic():
            # Locked, so that concurrent requests cannot exceed the limit.
            Owner.objects.select_for_update().get(pk=owner.pk)
            existing = Scope.objects.filter(name=scope_name, owner=owner).first()
            if existing is not None:
                return existing, False
            share_prefixes()
            # The owner of a name that was there before the prefix has the scope of the name too.
            if scope_name != owner.name:
                check_prefix(actor, scope_name, owner=owner)
            key = PluginName(None, scope_name).collision_key
            # An account that is being created may have the name.
            lock_name(key)
            check_may_create_scope(actor, scope_name, owner)
            scope = Scope.objects.create(name=scope_name, owner=owner, collision_key=key)
            record_audit_entry(actor=actor, action="scope.created", target=scope, subject=owner)
    except IntegrityError:
        # Another account took the scope after the check; the check now says which.
        check_may_create_scope(actor, scope_name, owner)
        raise PublishRaceError("Another request created the same scope.") from None
    return scope, True
