"""Sign an account out."""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import AccountSession, ActorKind, User
from accounts.queries.users import lock_account
from accounts.security.errors import UnknownSessionError


def end_session(*, actor: User, session_id: int) -> None:
    """End one session of the actor, with the next request of it. Writes an audit entry.

    Raises `UnknownSessionError`.
    """
    with transaction.atomic():
        row = AccountSession.objects.filter(user=actor, pk=session_id).first()
        if row is None:
            raise UnknownSessionError("Your account has no such session.")
        Session.objects.filter(session_key=row.session_key).delete()
        row.delete()
        record_audit_entry(actor=actor, action="session.ended", target=actor)


def end_all_sessions(*, user: User, by: User | ActorKind | None) -> None:
    """End every session of the account, also those that are not recorded. Writes an audit entry.

    `by` None means an operator or the system. The caller can start a new session for the actor.
    """
    with transaction.atomic():
        lock_account(user)
        User.objects.filter(pk=user.pk).update(session_generation=F("session_generation") + 1)
        user.refresh_from_db(fields=["session_generation"])
        keys = AccountSession.objects.filter(user=user).values_list("session_key", flat=True)
        Session.objects.filter(session_key__in=list(keys)).delete()
        AccountSession.objects.filter(user=user).delete()
        record_audit_entry(actor=by, action="sessions.ended", target=user)
