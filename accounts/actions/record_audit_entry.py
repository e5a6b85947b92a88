"""Append an entry to the audit log."""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Model

from accounts.audit.digests import digest_identity
from accounts.audit.origin import Origin, get_origin
from accounts.audit.targets import describe_target
from accounts.models import ActorKind, AuditEntry, AuditIdentity, Owner, User


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
    origin = get_origin()
    who = _find_actor(actor, origin)
    what = describe_target(action, target, who.account)
    entry = AuditEntry(
        action=action,
        actor_kind=who.kind,
        actor=who.account,
        subject_id=what.subject_id if subject is None else _get_account_id(subject),
        target_kind=what.kind,
        target_name=what.name,
        target_id=what.id,
        container=what.container,
        owner_id=what.owner_id,
        via=origin.via,
        credential=origin.get_credential(),
        before=before,
        after=after,
        details=details,
    )
    # Without a savepoint: a caller in a transaction needs none.
    with transaction.atomic(savepoint=False):
        entry.identity = identity = _create_identity(who, origin)
        entry.identity_digest = digest_new_identity(identity) if identity else ""
        entry.save(force_insert=True)
    # As the manager reads it.
    entry.actor_name = identity.name if identity else str(who.kind)
    return entry


def _get_account_id(subject: User | Owner) -> int | None:
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


def _create_identity(who: _Actor, origin: Origin) -> AuditIdentity | None:
    """The personal data; None for a system or an operator at the command line, who have none."""
    if who.account is None and who.kind not in (ActorKind.ANONYMOUS, ActorKind.SCIM):
        return None
    return AuditIdentity.objects.create(
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
