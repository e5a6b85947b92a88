"""Count the public changes that the journal does not have, by triggers on their tables."""

from __future__ import annotations

from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from registry.migrations import _change_triggers

# All other changes of public releases and plugins are in the journal.
_EVENTS = {
    "accounts_user": ("username", "is_active", "date_joined"),
    "registry_member": ("plugin_id", "user_id", "role"),
    "registry_scope": ("name", "owner_id"),
    "registry_plugin": ("name", "scope_id", "featured_at", "created_at"),
}


def create_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers."""
    _change_triggers.create_function(editor)
    _change_triggers.create_triggers(editor, _EVENTS)


def drop_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers."""
    _change_triggers.drop_triggers(editor, _EVENTS)
    _change_triggers.drop_function(editor)


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
