"""The session engine: sessions in the database, with a size limit."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends import db
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from common.bounded_fields import check_stored_size

# How long a session is kept that anybody can make this registry store: with the challenge for a passkey, or a
# sign-in that was started.
_UNKNOWN_SECONDS = 900
# Django's key.
_EXPIRY = "_session_expiry"
# In one transaction: a table of many rows must not be locked for long.
_BATCH = 1000
# A sign-in, the steps of a form and a few messages take less than 2 kB.
MAX_SESSION_BYTES = 64 << 10


class SessionStore(db.SessionStore):
    """Django's store, which refuses large sessions."""

    @classmethod
    def get_model_class(cls) -> Any:
        """Django's table."""
        return db.SessionStore.get_model_class()

    def create_model_instance(self, data: Any) -> Any:
        """The row of the session. Raises `StoredTextTooLargeError`."""
        row = super().create_model_instance(data)
        size = len(row.session_data)
        check_stored_size("sessions.Session.session_data", size, MAX_SESSION_BYTES)
        return row


def delete_expired_sessions() -> int:
    """Delete the sessions that have expired; returns their number. Periodic work of the worker."""
    rows = SessionStore.get_model_class().objects
    expired = rows.filter(expire_date__lt=timezone.now())
    count = 0
    while keys := list(expired.values_list("pk", flat=True)[:_BATCH]):
        count += rows.filter(pk__in=keys, expire_date__lt=timezone.now()).delete()[0]
    return count


def shorten_empty_session(request: HttpRequest) -> None:
    """Let the session end soon, unless it has something else; a sign-in makes it last as usual.

    Call it before something is stored for a person who has proved nothing yet.
    """
    if request.session.is_empty():
        request.session.set_expiry(_UNKNOWN_SECONDS)


@receiver(user_logged_in)
def _keep_session(request: HttpRequest, **_: Any) -> None:
    if request.session.get(_EXPIRY) is not None:
        request.session.set_expiry(None)
