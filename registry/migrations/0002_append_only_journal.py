"""Keep the journal append-only in the database itself, and start its count."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_TABLE = "registry_journalentry"
_SQLITE = [
    f"""CREATE TRIGGER journal_no_{verb.lower()} BEFORE {verb} ON {_TABLE}
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"""
    for verb in ("UPDATE", "DELETE")
]
_POSTGRES = [
    """CREATE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$""",
    f"""CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON {_TABLE}
    FOR EACH ROW EXECUTE FUNCTION refuse_journal_change()""",
]
_UNDO = {
    "sqlite": ["DROP TRIGGER journal_no_update", "DROP TRIGGER journal_no_delete"],
    "postgresql": [
        f"DROP TRIGGER journal_no_change ON {_TABLE}",
        "DROP FUNCTION refuse_journal_change()",
    ],
}
_DO = {"sqlite": _SQLITE, "postgresql": _POSTGRES}


def close_journal(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers and the head row."""
    for statement in _DO[editor.connection.vendor]:
        editor.execute(statement)
    apps.get_model("registry", "JournalHead").objects.get_or_create(pk=1)


def open_journal(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers."""
    for statement in _UNDO[editor.connection.vendor]:
        editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]
    operations = [migrations.RunPython(close_journal, open_journal)]
