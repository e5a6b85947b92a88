"""Append entries to the audit log."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from accounts.audit.digests import digest_identity
from accounts.audit.origin import Origin, get_origin
from accounts.audit.targets import describe_target
from accounts.models import ActorKind, AuditEntry, AuditIdentity, Owner, User

# Of one insert. SQLite allows 32,766 values in a statement.
_BATCH = 500


class Act(NamedTuple):
    """One of several acts of one actor, as the parameters of `record_audit_entry` describe it."""

    action: str
    target: Model | str = ""
    subject: User | Owner | int | None = None
    before: Any = None
    after: Any = None
    details: Mapping[str, Any] = MappingProxyType({})


def record_audit_entry(
    *,
    actor: User | ActorKind | None,
    action: str,
    target: Model | str = "",
    subject: User | Owner | None = None,
    before: Any = None,
    after: Any = None,
    **details: Any,
) -> AuditEntry:
    """Append one entry: at most 2 inserts.

    Call it in the transaction of the act, so that no change exists without its entry. `actor` None means
    the member of staff who sent the request, an operator at the command line or, without either, the
    system; `ActorKind.ANONYMOUS` is somebody who is not signed in,
    `ActorKind.SCIM` the identity provider that sent the request. `subject` is an account that the act
    concerns, if the target is none. `before`, `after` and `details` are JSON-ready values. They must not
    contain secrets, nor names and addresses of people: the log cannot forget them. Where the act
    comes from is known (`accounts.audit.origin`).
    """
    act = Act(action, target, subject, before, after, details)
    return record_audit_entries(actor=actor, acts=[act])[0]


def record_audit_entries(
    *, actor: User | ActorKind | None, acts: Iterable[Act]
) -> list[AuditEntry]:
    """Append an entry for each act, in this order: at most 2 inserts for 500 of them.

    As `record_audit_entry`. The subject of an act can be the id of an account.
    """
    origin = get_origin()
    who = _find_actor(actor, origin)
    at = timezone.now()
    entries = [_build_entry(who, origin, act, at) for act in acts]
    # Without a savepoint: a caller in a transaction needs none.
    with transaction.atomic(savepoint=False):
        for start in range(0, len(entries), _BATCH):
            _insert(who, origin, entries[start : start + _BATCH])
    return entries


def _build_entry(who: _Actor, origin: Origin, act: Act, at: dt.datetime) -> AuditEntry:
    what = describe_target(act.action, act.target, who.account)
    return AuditEntry(
        at=at,
        action=act.action,
        actor_kind=who.kind,
        actor=who.account,
        subject_id=what.subject_id if act.subject is None else _get_account_id(act.subject),
        target_kind=what.kind,
        target_name=what.name,
        target_id=what.id,
        container=what.container,
        owner_id=what.owner_id,
        via=origin.via,
        credential=origin.get_credential(),
        before=act.before,
        after=act.after,
        details=dict(act.details),
    )


def _insert(who: _Actor, origin: Origin, entries: list[AuditEntry]) -> None:
    if _has_identity(who):
        identities = [_build_identity(who, origin) for _ in entries]
        _insert_rows(identities)
        for entry, identity in zip(entries, identities, strict=True):
            entry.identity = identity
            entry.identity_digest = digest_new_identity(identity)
    _insert_rows(entries)
    for entry in entries:
        # As the manager reads it.
        entry.actor_name = entry.identity.name if entry.identity else str(who.kind)


def _insert_rows(rows: Sequence[Model]) -> None:
    """Insert the rows of one table, and set their ids: 1 query.

    As `bulk_create`, which builds the statement anew each time: that takes longer than the insert.
    """
    start, fields = _build_insert(type(rows[0]))
    places = f"({', '.join(['%s'] * len(fields))})"
    values = [
        field.get_db_prep_save(getattr(row, field.attname), connection)
        for row in rows
        for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"{start} {', '.join([places] * len(rows))} RETURNING id", values)
        ids = cursor.fetchall()
    for row, (row_id,) in zip(rows, ids, strict=True):
        row.pk = row_id
        row._state.adding = False  # noqa: SLF001 -- as Django's own inserts


@cache
def _build_insert(model: type[Model]) -> tuple[str, tuple[Any, ...]]:
    """The beginning of the statement, and the fields of its values."""
    options = model._meta  # noqa: SLF001 -- the documented API of models
    fields = tuple(field for field in options.concrete_fields if not field.primary_key)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    return f"INSERT INTO {options.db_table} ({columns}) VALUES", fields


def _get_account_id(subject: User | Owner | int) -> int | None:
    if isinstance(subject, int):
        return subject
    return subject.user_id if isinstance(subject, Owner) else subject.pk


class _Actor(NamedTuple):
    kind: ActorKind
    account: User | None


def _find_actor(actor: User | ActorKind | None, origin: Origin) -> _Actor:
    if isinstance(actor, ActorKind):
        return _Actor(actor, None)
    if actor is not None:
        is_robot = getattr(actor, "is_robot", False)
        return _Actor(ActorKind.ROBOT if is_robot else ActorKind.ACCOUNT, actor)
    if origin.is_command:
        return _Actor(ActorKind.OPERATOR, None)
    staff = origin.find_staff()
    return _Actor(ActorKind.OPERATOR if staff else ActorKind.SYSTEM, staff)


def _has_identity(who: _Actor) -> bool:
    """Whether there are personal data: not of a system, nor of an operator at the command line."""
    return who.account is not None or who.kind in (ActorKind.ANONYMOUS, ActorKind.SCIM)


def _build_identity(who: _Actor, origin: Origin) -> AuditIdentity:
    return AuditIdentity(
        account_id=who.account.pk if who.account else None,
        name=who.account.username if who.account else origin.token_name,
        address=origin.get_address(),
        user_agent=origin.get_user_agent(),
        salt=secrets.token_hex(16),
    )


def digest_new_identity(identity: AuditIdentity) -> str:
    """The digest of the row for its entry."""
    return digest_identity(
        identity.salt,
        identity.account_id,
        identity.name,
        identity.address,
        identity.user_agent,
    )
