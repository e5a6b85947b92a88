"""Sessions that single sign-on opened, and their end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actions.group_rights import forget_groups
from accounts.actions.record_audit_entry import (
    Act,
    record_audit_entries,
    record_audit_entry,
)
from accounts.models import (
    AccountSession,
    Organization,
    SsoConnection,
    SsoIdentity,
    SsoSession,
    User,
)
from accounts.sso.person import Person

# Sessions of Django end after two weeks.
_MAX_AGE = dt.timedelta(days=30)


def record_session(*, identity: SsoIdentity, session_key: str, person: Person) -> None:
    """Remember the session, so that the provider can end it, and add the audit entry of the sign-in."""
    with transaction.atomic():
        SsoSession.objects.filter(created_at__lt=timezone.now() - _MAX_AGE).delete()
        SsoSession.objects.update_or_create(
            session_key=session_key,
            defaults={
                "identity": identity,
                "provider_session": person.session,
                "name_id": person.name_id,
                "created_at": timezone.now(),
            },
        )
        record_audit_entry(
            actor=identity.user,
            action="sso.signed-in",
            target=identity.user,
            connection=identity.connection.name,
        )


def end_sessions(
    *,
    connection: SsoConnection,
    subject: str = "",
    name_id: str = "",
    provider_sessions: Collection[str] = (),
) -> int:
    """End the sessions that the provider names, and return their number.

    Those of a person (`subject` or `name_id`), only the given ones if there are any. Without a person,
    the given ones.
    """
    rows = SsoSession.objects.filter(identity__connection=connection)
    if subject:
        rows = rows.filter(identity__subject=subject)
    if name_id:
        rows = rows.filter(name_id=name_id)
    if provider_sessions:
        rows = rows.filter(provider_session__in=provider_sessions)
    if not (subject or name_id or provider_sessions):
        return 0
    return _end(rows, "sso.signed-out-by-provider")


def end_all_sessions(*, connection: SsoConnection) -> int:
    """End all sessions that the connection opened, and return their number."""
    return _end(SsoSession.objects.filter(identity__connection=connection), "sso.session-ended")


def end_identity_sessions(*, identity: SsoIdentity) -> int:
    """End all sessions of the identity, and return their number."""
    return _end(SsoSession.objects.filter(identity=identity), "sso.session-ended")


def end_organization_sessions(*, organization: Organization, user: User) -> int:
    """End the sessions that open the organization to the account, and its own link to a provider.

    For the removal of a member, whose groups it forgets; returns the number of sessions.
    """
    identities = SsoIdentity.objects.filter(connection__owner__organization=organization, user=user)
    count = _end(SsoSession.objects.filter(identity__in=identities), "sso.session-ended")
    forget_groups(organization=organization, user=user)
    identities.filter(is_provisioned=False).delete()
    return count


def _end(rows: QuerySet[SsoSession], action: str) -> int:
    with transaction.atomic():
        ended = list(rows.select_related("identity__user", "identity__connection"))
        keys = [row.session_key for row in ended]
        Session.objects.filter(session_key__in=keys).delete()
        AccountSession.objects.filter(session_key__in=keys).delete()
        SsoSession.objects.filter(pk__in=[row.pk for row in ended]).delete()
        acts = [
            Act(action, row.identity.user, details={"connection": row.identity.connection.name})
            for row in ended
        ]
        record_audit_entries(actor=None, acts=acts)
    return len(ended)
