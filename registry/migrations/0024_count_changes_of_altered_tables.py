"""Count changes of plugins and organizations again: SQLite lost the triggers with the tables that new columns replaced."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from registry.migrations import _change_triggers

_EVENTS = {
    "registry_plugin": ("name", "scope_id", "featured_at", "created_at"),
    "accounts_organization": ("display_name", "description", "website", "created_at"),
}


def replace_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers, also if they exist."""
    _change_triggers.drop_triggers(editor, _EVENTS)
    _change_triggers.create_triggers(editor, _EVENTS)


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0027_sso_only_organizations"),
        ("registry", "0023_claims"),
    ]

    operations = [migrations.RunPython(replace_triggers, migrations.RunPython.noop)]
