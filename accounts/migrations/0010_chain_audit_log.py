"""Keep the audit log append-only in the database itself, and make room for its chain."""

from __future__ import annotations

import django.utils.timezone
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_ENTRIES, _PENDING = "accounts_auditentry", "accounts_auditpending"
_MESSAGE = "the audit log is append-only"
# The tables with what the database refuses. Identities can be deleted, when an account is erased.
_REFUSED = {
    _ENTRIES: ("UPDATE", "DELETE"),
    "accounts_auditseal": ("UPDATE", "DELETE"),
    "accounts_auditcheckpoint": ("UPDATE", "DELETE"),
    "accounts_auditidentity": ("UPDATE",),
}
_KEYS = {"accounts_auditseal": "sequence"}
_ON_SQLITE = [
    *(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        for table, verbs in _REFUSED.items()
        for verb in verbs
    ),
    # REPLACE deletes rows without their trigger.
    *(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"
        f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 -- constants
        f" BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        for table in _REFUSED
        for key in [_KEYS.get(table, "id")]
    ),
    f"CREATE TRIGGER {_ENTRIES}_pending AFTER INSERT ON {_ENTRIES}"
    f" BEGIN INSERT INTO {_PENDING} (entry_id) VALUES (NEW.id); END",
]
_ON_POSTGRESQL = [
    "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_MESSAGE}'; END $$",
    *(
        f"CREATE TRIGGER {table}_no_change BEFORE {' OR '.join(verbs)} ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()"
        for table, verbs in _REFUSED.items()
    ),
    *(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        for table in _REFUSED
    ),
    "CREATE FUNCTION note_pending_audit_entry() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN INSERT INTO {_PENDING} (entry_id) VALUES (NEW.id); RETURN NULL; END $$",
    f"CREATE TRIGGER {_ENTRIES}_pending AFTER INSERT ON {_ENTRIES}"
    " FOR EACH ROW EXECUTE FUNCTION note_pending_audit_entry()",
]


def close_log(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers, and have the entries chained that exist."""
    editor.execute(
        f"INSERT INTO {_PENDING} (entry_id) SELECT id FROM {_ENTRIES}"  # noqa: S608 -- constants
    )
    for statement in _ON_SQLITE if editor.connection.vendor == "sqlite" else _ON_POSTGRESQL:
        editor.execute(statement)


def open_log(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers."""
    if editor.connection.vendor == "sqlite":
        for table, verbs in _REFUSED.items():
            for suffix in (*(verb.lower() for verb in verbs), "replace"):
                editor.execute(f"DROP TRIGGER {table}_no_{suffix}")
        editor.execute(f"DROP TRIGGER {_ENTRIES}_pending")
        return
    editor.execute("DROP FUNCTION refuse_audit_change() CASCADE")
    editor.execute("DROP FUNCTION note_pending_audit_entry() CASCADE")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_describe_audited_acts")]

    operations = [
        migrations.CreateModel(
            name="AuditCheckpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("sequence", models.BigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("public_key", models.CharField(max_length=64)),
                ("signature", models.CharField(max_length=128)),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.CreateModel(
            name="AuditForwarding",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField(default=0)),
                ("recent_sequence", models.BigIntegerField(default=0)),
                ("recent_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("older_sequence", models.BigIntegerField(default=0)),
                ("holder", models.CharField(blank=True, max_length=100)),
                ("held_until", models.DateTimeField(default=django.utils.timezone.now)),
                ("failing_since", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="AuditPending",
            fields=[("entry_id", models.BigIntegerField(primary_key=True, serialize=False))],
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry_id", models.BigIntegerField(unique=True)),
                ("sealed_at", models.DateTimeField()),
                ("digest", models.CharField(max_length=64)),
            ],
            options={"abstract": False},
        ),
        migrations.RunPython(close_log, open_log),
    ]
