"""Count changes of proven domains and namespaces, which profiles show."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from registry.migrations import _change_triggers

_EVENTS = {"accounts_ownerdomain": ("owner_id", "domain", "method", "verified_at")}


def create_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers."""
    _change_triggers.create_triggers(editor, _EVENTS)


def drop_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers."""
    _change_triggers.drop_triggers(editor, _EVENTS)


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0026_proofs_by_files"),
        ("registry", "0021_fill_release_publishers"),
    ]

    operations = [migrations.RunPython(create_triggers, drop_triggers)]
