"""Tell apart errors of the database that another attempt repairs."""

from __future__ import annotations

from django.db import OperationalError

# `deadlock_detected` and `serialization_failure` of PostgreSQL. SQLite has one writer.
_SQLSTATES = frozenset({"40P01", "40001"})


def is_lock_conflict(error: OperationalError) -> bool:
    """Whether the database rolled the transaction back in favor of another one."""
    return getattr(error.__cause__, "sqlstate", None) in _SQLSTATES
