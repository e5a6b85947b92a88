"""A consistent copy of the database, one module for each kind."""

from __future__ import annotations

from django.db import connection

from config.backup.databases.base import DatabaseCopier
from config.backup.databases.postgresql import PostgresCopier
from config.backup.databases.sqlite import SqliteCopier

__all__ = ["DatabaseCopier", "get_copier"]


def get_copier() -> DatabaseCopier:
    """The copier of the database in the settings."""
    return SqliteCopier() if connection.vendor == "sqlite" else PostgresCopier()
