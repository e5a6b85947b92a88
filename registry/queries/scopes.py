"""Reads of scopes, with their query counts."""

from __future__ import annotations

from accounts.models import User
from plugport.spec.text import has_nul, quote_text
from registry.errors import UnknownScopeError
from registry.models import Scope
from registry.rights import build_scope_owner_condition


def get_own_scope(name: str, owner: User) -> Scope:
    """The scope of that name, if it belongs to the account or an organization of which it is an owner.

    1 query. Raises `UnknownScopeError`.
    """
    rows = Scope.objects.select_related("owner__user", "owner__organization__owner")
    rows = rows.filter(build_scope_owner_condition(owner))
    scope = None if has_nul(name) else rows.filter(name=name).first()
    if scope is None:
        raise UnknownScopeError(f"You own no scope {quote_text('@' + name)}.")
    return scope
