"""The session engine: sessions in the database, with a size limit."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone

from common.bounded_fields import check_stored_size

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
