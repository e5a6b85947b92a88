"""Count the public changes that the journal does not have, by triggers on their tables."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_COUNTER = "registry_changecounter"
# The events of each table that change what visitors see without an entry in the journal, with the
# columns of an update. All other changes of public releases and plugins are in the journal.
_EVENTS = {
    "accounts_user": ("username", "is_active", "date_joined"),
    "registry_member": ("plugin_id", "user_id", "role"),
    "registry_scope": ("name", "owner_id"),
    "registry_plugin": ("name", "scope_id", "featured_at", "created_at"),
}
# Nobody sees a new account or a new plugin before it has something public.
_WITHOUT_INSERT = {"accounts_user", "registry_plugin"}
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


def _list_triggers(vendor: str) -> Iterator[tuple[str, str, str, str]]:
    """The name, table, event and condition of each trigger; the condition may be empty."""
    for table, columns in _EVENTS.items():
        name = f"{_PREFIX}_{table}"
        changed = " OR ".join(f"OLD.{each} {_DIFFERS[vendor]} NEW.{each}" for each in columns)
        yield f"{name}_on_update", table, f"UPDATE OF {', '.join(columns)}", changed
        yield f"{name}_on_delete", table, "DELETE", _DELETED[vendor].get(table, "")
        if table not in _WITHOUT_INSERT:
            yield f"{name}_on_insert", table, "INSERT", ""


def create_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers."""
    vendor = editor.connection.vendor
    if vendor == "postgresql":
        editor.execute(_COUNT_ON_POSTGRES)
    for name, table, event, condition in _list_triggers(vendor):
        when = f"WHEN ({condition})" if condition else ""
        act = "EXECUTE FUNCTION count_public_change()"
        if vendor == "sqlite":
            act = f"BEGIN {_COUNT_ON_SQLITE} END"
        editor.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {when} {act}")


def drop_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers."""
    vendor = editor.connection.vendor
    for name, table, _event, _condition in _list_triggers(vendor):
        editor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if vendor == "postgresql" else ""))
    if vendor == "postgresql":
        editor.execute("DROP FUNCTION count_public_change()")


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0012_mail_decisions"),
        ("accounts", "0005_verify_existing_accounts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="ChangeCounter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("count", models.BigIntegerField(default=1)),
            ],
        ),
        migrations.RunPython(create_triggers, drop_triggers),
    ]
