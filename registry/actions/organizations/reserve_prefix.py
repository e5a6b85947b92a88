"""Reserve a prefix of names, and keep the names that exist."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Q

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import PrefixTakenError, UnknownPrefixError
from accounts.models import GrandfatheredName, Owner, ReservedPrefix, User
from accounts.models.reserved_prefix import REASON_CHARS
from accounts.policies import is_operator
from accounts.queries.reserved_prefixes import lock_prefixes
from plugport.spec.names import fold_part, list_prefix_keys, parse_scope
from registry.errors import NotMemberError
from registry.models import Member, Plugin, Role, Scope

_Kind = GrandfatheredName.Kind
_BATCH = 1_000


def reserve_prefix(
    *, actor: User | None, prefix: str, owner: Owner | None = None, reason: str = ""
) -> ReservedPrefix:
    """Reserve the prefix for the owner, or for nobody; returns it with its grandfathered names.

    Only for operators; no `actor` is the command line. Writes the prefix, the names that exist and do
    not belong to the owner, and an audit entry, while no such name can be created. Raises
    `NotMemberError`, `InvalidNameError` and `PrefixTakenError`.
    """
    _check_is_operator(actor)
    name = parse_prefix(prefix)
    with transaction.atomic():
        if owner is not None:
            # Before the lock of prefixes, as in transactions that create scopes.
            owner = Owner.objects.select_for_update().get(pk=owner.pk)
        lock_prefixes()
        key = fold_part(name)
        existing = ReservedPrefix.objects.filter(key=key).first()
        if existing is not None:
            raise PrefixTakenError(
                f"The prefix `{existing.prefix}` is reserved already.", hint="Release it first."
            )
        reserved = ReservedPrefix.objects.create(
            prefix=name, key=key, owner=owner, reason=reason.strip()[:REASON_CHARS]
        )
        names = list_grandfathered(name, owner)
        rows = [GrandfatheredName(prefix=reserved, kind=kind, name=each) for kind, each in names]
        GrandfatheredName.objects.bulk_create(rows, batch_size=_BATCH)
        record_audit_entry(
            actor=actor,
            action="prefix.reserved",
            target=reserved.prefix,
            subject=owner,
            grandfathered=len(rows),
        )
    return reserved


def release_prefix(*, actor: User | None, prefix: str) -> ReservedPrefix:
    """Let everybody use the prefix again; returns what was deleted. Writes an audit entry.

    Raises `NotMemberError` and `UnknownPrefixError`.
    """
    _check_is_operator(actor)
    with transaction.atomic():
        rows = ReservedPrefix.objects.select_related("owner").select_for_update(of=("self",))
        reserved = rows.filter(key=fold_part(prefix)).first()
        if reserved is None:
            raise UnknownPrefixError(f"The prefix `{prefix[:64]}` is not reserved.")
        record_audit_entry(
            actor=actor, action="prefix.released", target=reserved.prefix, subject=reserved.owner
        )
        ReservedPrefix.objects.filter(pk=reserved.pk).delete()
    return reserved


def parse_prefix(text: str) -> str:
    """The prefix in the form of a scope. Raises `InvalidNameError`."""
    return parse_scope(text.strip().lower().rstrip("-."))


def list_grandfathered(prefix: str, owner: Owner | None = None) -> list[tuple[str, str]]:
    """Kinds and names of what exists with the prefix and does not belong to the owner: 3 queries."""
    key = fold_part(prefix)
    return [(kind, name) for kind, name in _iter_alike(key, owner) if key in list_prefix_keys(name)]


def _iter_alike(key: str, owner: Owner | None) -> Iterator[tuple[str, str]]:
    """What begins alike, without separators."""
    alike = Q(collision_key__startswith=key)
    owners = Owner.objects.filter(alike).order_by("name")
    scopes = Scope.objects.filter(alike).order_by("name")
    plugins = Plugin.objects.filter(alike, scope=None).order_by("name")
    if owner is not None:
        own = Member.objects.filter(holder=owner, role=Role.OWNER).values("plugin")
        owners, scopes = owners.exclude(pk=owner.pk), scopes.exclude(owner=owner)
        plugins = plugins.exclude(pk__in=own)
    for name, kind in owners.values_list("name", "kind"):
        is_person = kind == Owner.Kind.PERSON
        yield (_Kind.ACCOUNT if is_person else _Kind.ORGANIZATION), name
    for name in scopes.values_list("name", flat=True):
        yield _Kind.SCOPE, name
    for name in plugins.values_list("name", flat=True):
        yield _Kind.PLUGIN, name


def _check_is_operator(actor: User | None) -> None:
    if actor is not None and not is_operator(actor):
        raise NotMemberError("Only operators reserve prefixes.")
