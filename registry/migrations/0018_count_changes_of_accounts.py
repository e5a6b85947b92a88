"""Count changes of accounts again: SQLite lost the triggers with the table that a new column replaced."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from registry.migrations import _change_triggers

_EVENTS = {"accounts_user": ("username", "is_active", "date_joined")}


def replace_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers, also if they exist."""
    _change_triggers.drop_triggers(editor, _EVENTS)
    _change_triggers.create_triggers(editor, _EVENTS)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0019_groups_and_suspensions'),
        ('registry', '0017_rights_of_teams'),
    ]

    operations = [migrations.RunPython(replace_triggers, migrations.RunPython.noop)]
