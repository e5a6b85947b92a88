"""The session engine: sessions in the database, with a size limit."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db

from common.bounded_fields import check_stored_size

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
