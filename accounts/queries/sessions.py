"""Reads of sessions."""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import AccountSession, User


def _is_stored() -> Exists:
    rows = Session.objects.filter(session_key=OuterRef("session_key"))
    return Exists(rows.filter(expire_date__gt=timezone.now()))


def list_sessions(user: User) -> QuerySet[AccountSession]:
    """The sessions in which the account is signed in, the last used first: 1 query when iterated."""
    rows = AccountSession.objects.filter(user=user, auth_hash=user.get_session_auth_hash())
    return rows.filter(_is_stored())


def list_ended_sessions(user: User) -> QuerySet[AccountSession]:
    """The records of sessions that ended, by a sign-out or a new password: 1 query when iterated."""
    is_valid = Q(auth_hash=user.get_session_auth_hash()) & Q(_is_stored())
    return AccountSession.objects.filter(user=user).exclude(is_valid)
