"""Observe the public state in tests, which run in one transaction."""

from __future__ import annotations

from django.db import connection

from registry.change_counter import PublicState, get_public_state


def read_public_state() -> PublicState:
    """Return the state; later changes are counted as those of another transaction.

    On PostgreSQL, triggers count once in each transaction, and the whole test is one.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('plugport.is_change_counted', '', true)")
    return get_public_state()
