"""Reserved prefixes: which one a new name has, and who may use it."""

from __future__ import annotations

from django.conf import settings

from accounts.errors import ReservedPrefixError
from accounts.models import Owner, ReservedPrefix, User
from accounts.policies import OrganizationRight, is_moderator, list_organization_rights
from common.name_locks import lock_name, share_and_lock_name, share_name
from plugport.spec.names import list_prefix_keys

_LOCK = "reserved-prefixes"


def share_prefixes() -> None:
    """For transactions that create a name: no prefix is reserved until they end. At most 1 query.

    Call it before the prefix is checked. Transactions that lock the row of an `Owner` do so before.
    """
    share_name(_LOCK)


def share_prefixes_and_lock_name(name: str) -> None:
    """`share_prefixes`, and the lock of the name: at most 1 query."""
    share_and_lock_name(_LOCK, name)


def lock_prefixes() -> None:
    """For the transaction that reserves a prefix: no name is created until it ends. At most 1 query."""
    lock_name(_LOCK)


def find_reserved_prefix(part: str) -> ReservedPrefix | None:
    """The longest reserved prefix of an unscoped name, a scope or a user name: 1 query."""
    rows = ReservedPrefix.objects.filter(key__in=list_prefix_keys(part))
    found = rows.select_related("owner__organization")
    return max(found, key=lambda each: len(each.key), default=None)


def check_prefix(actor: User | None, part: str, *, owner: Owner | None = None) -> None:
    """Raise `ReservedPrefixError` if the actor may not create this name: at most 2 queries.

    `owner` is the future one of the name, for which the actor may decide.
    """
    reserved = find_reserved_prefix(part)
    if reserved is None or (actor is not None and is_moderator(actor)):
        return
    if reserved.owner is not None and actor is not None:
        if owner is not None and owner.pk == reserved.owner_id:
            return
        if reserved.owner.user_id == actor.pk or _decides_for(actor, reserved.owner):
            return
    whose = f" for `{reserved.owner.name}`" if reserved.owner is not None else ""
    raise ReservedPrefixError(
        f"`{part}` has the prefix `{reserved.prefix}`, which is reserved{whose}.",
        hint="Choose another name. If the prefix should be yours, ask the operator of this registry:"
        f" {settings.BASE_URL}/contact",
        context={"name": part, "prefix": reserved.prefix},
    )


def _decides_for(actor: User, owner: Owner) -> bool:
    if owner.organization is None:
        return False
    return OrganizationRight.MANAGE_PROPERTY in list_organization_rights(actor, owner.organization)
