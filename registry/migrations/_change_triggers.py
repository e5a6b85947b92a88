"""Triggers that count the public changes of tables, for the migrations that need them.

A migration that changes a column of such a table drops the triggers first and creates them again:
SQLite loses them with the table that it replaces.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# The columns of each table whose updates change what visitors see without an entry in the journal.
Events = Mapping[str, Collection[str]]

_COUNTER = "registry_changecounter"
# Nobody sees them before they have something public.
_WITHOUT_INSERT = {
    "accounts_organization",
    "accounts_organizationmember",
    "accounts_owner",
    "accounts_ownerdomain",
    "accounts_user",
    "registry_plugin",
}
# A plugin without a document was never public. Its name becomes free again when it is deleted.
_DELETED = {
    "sqlite": {"registry_plugin": "OLD.document <> '{}'"},
    "postgresql": {"registry_plugin": "OLD.document <> '{}'::jsonb"},
}
_DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}
_PREFIX = "count_change_of"
_COUNT_ON_POSTGRES = f"""
CREATE FUNCTION count_public_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- One row for each transaction, whatever the number of rows that it changes.
    IF current_setting('plugport.is_change_counted', true) IS DISTINCT FROM 'yes' THEN
        INSERT INTO {_COUNTER} (count) VALUES (1);
        PERFORM set_config('plugport.is_change_counted', 'yes', true);
    END IF;
    RETURN NULL;
END $$
"""
# SQLite has one writer, so a row for all transactions makes nobody wait.
_COUNT_ON_SQLITE = (
    f"INSERT INTO {_COUNTER} (id, count) VALUES (1, 1)"  # noqa: S608 -- constants of this module
    " ON CONFLICT (id) DO UPDATE SET count = count + 1;"
)


def _list_triggers(vendor: str, events: Events) -> Iterator[tuple[str, str, str, str]]:
    """The name, table, event and condition of each trigger; the condition may be empty."""
    for table, columns in events.items():
        name = f"{_PREFIX}_{table}"
        changed = " OR ".join(f"OLD.{each} {_DIFFERS[vendor]} NEW.{each}" for each in columns)
        yield f"{name}_on_update", table, f"UPDATE OF {', '.join(columns)}", changed
        yield f"{name}_on_delete", table, "DELETE", _DELETED[vendor].get(table, "")
        if table not in _WITHOUT_INSERT:
            yield f"{name}_on_insert", table, "INSERT", ""


def create_function(editor: BaseDatabaseSchemaEditor) -> None:
    """Create what the triggers call."""
    if editor.connection.vendor == "postgresql":
        editor.execute(_COUNT_ON_POSTGRES)


def drop_function(editor: BaseDatabaseSchemaEditor) -> None:
    """Drop what the triggers call. Drop them before."""
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION count_public_change()")


def create_triggers(editor: BaseDatabaseSchemaEditor, events: Events) -> None:
    """Create the triggers of the tables."""
    vendor = editor.connection.vendor
    for name, table, event, condition in _list_triggers(vendor, events):
        when = f"WHEN ({condition})" if condition else ""
        act = "EXECUTE FUNCTION count_public_change()"
        if vendor == "sqlite":
            act = f"BEGIN {_COUNT_ON_SQLITE} END"
        editor.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {when} {act}")


def drop_triggers(editor: BaseDatabaseSchemaEditor, events: Events) -> None:
    """Drop the triggers of the tables, if SQLite has not lost them with a table that it replaced."""
    vendor = editor.connection.vendor
    for name, table, _event, _condition in _list_triggers(vendor, events):
        editor.execute(f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if vendor == "postgresql" else ""))
