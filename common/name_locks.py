"""Locks of texts that are not rows yet, such as the name of an account that is being created."""

from __future__ import annotations

import hashlib

from django.db import connection


def lock_name(name: str) -> None:
    """Hold the lock of a name until the transaction ends: 1 query on PostgreSQL.

    What the caller finds out about the name afterwards stays true until it commits, if all others who
    create something of that name hold the lock too. Other databases need none: transactions of
    SQLite that write (`IMMEDIATE`, see `config/backends.py`) run one after the other.
    """
    _lock((name, "pg_advisory_xact_lock"))


def share_name(name: str) -> None:
    """Keep others from locking the name until the transaction ends: 1 query on PostgreSQL.

    Several transactions share it at the same time. One that locks it waits for all of them, and those
    that come later wait for that one.
    """
    _lock((name, "pg_advisory_xact_lock_shared"))


def share_and_lock_name(shared: str, name: str) -> None:
    """`share_name` and then `lock_name`, for different names: 1 query on PostgreSQL."""
    _lock((shared, "pg_advisory_xact_lock_shared"), (name, "pg_advisory_xact_lock"))


def _lock(*locks: tuple[str, str]) -> None:
    assert connection.in_atomic_block, "the lock ends with the transaction"
    if connection.vendor == "postgresql":
        calls = ", ".join(f"{function}(%s)" for _, function in locks)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {calls}", [_number(name) for name, _ in locks])


def _number(name: str) -> int:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
