"""Refuse on SQLite what replaces a row of the audit log by another one with the same unique value.

`REPLACE` deletes the row that has the value, without the trigger for deletions. 0010 refuses it for
the keys of the tables; these are their other unique columns.
"""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_COLUMNS = {"accounts_auditentry": "identity_id", "accounts_auditseal": "entry_id"}


def create_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers; PostgreSQL has no such statement."""
    if editor.connection.vendor != "sqlite":
        return
    for table, column in _COLUMNS.items():
        same = f"SELECT 1 FROM {table} WHERE {column} = NEW.{column}"  # noqa: S608 -- constants
        editor.execute(
            f"CREATE TRIGGER {table}_no_replace_by_{column} BEFORE INSERT ON {table}"
            f" WHEN EXISTS ({same}) BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )


def drop_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop them."""
    if editor.connection.vendor == "sqlite":
        for table, column in _COLUMNS.items():
            editor.execute(f"DROP TRIGGER {table}_no_replace_by_{column}")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0017_owner_domains")]

    operations = [migrations.RunPython(create_triggers, drop_triggers)]
