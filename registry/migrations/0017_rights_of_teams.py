"""Teams have rights in plugins and scopes, and changes of what profiles show of organizations are counted."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import common.bounded_fields
from registry.migrations import _change_triggers

_UNCHANGED_EVENTS = {
    "accounts_user": ("username", "is_active", "date_joined"),
    "registry_plugin": ("name", "scope_id", "featured_at", "created_at"),
}
_OLD_EVENTS = {"accounts_owner": ("name", "user_id")}
_NEW_EVENTS = {
    "accounts_owner": ("name", "user_id", "organization_id"),
    "accounts_organization": ("display_name", "description", "website", "created_at"),
    "accounts_organizationmember": ("organization_id", "user_id", "role", "is_public"),
}


def replace_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Count also changes of organizations."""
    # SQLite has lost these with the tables that new columns replaced.
    _change_triggers.drop_triggers(editor, _UNCHANGED_EVENTS)
    _change_triggers.create_triggers(editor, _UNCHANGED_EVENTS)
    _change_triggers.drop_triggers(editor, _OLD_EVENTS)
    _change_triggers.create_triggers(editor, _NEW_EVENTS)


def restore_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Count changes of persons only."""
    _change_triggers.drop_triggers(editor, _NEW_EVENTS)
    _change_triggers.create_triggers(editor, _OLD_EVENTS)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_organizations'),
        ('registry', '0016_trusted_publishers'),
    ]

    operations = [
        migrations.CreateModel(
            name='TeamRight',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', common.bounded_fields.BoundedCharField(choices=[('owner', 'Owner'), ('maintainer', 'Maintainer'), ('publisher', 'Publisher')], max_length=12)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('plugin', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='team_rights', to='registry.plugin')),
                ('scope', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='team_rights', to='registry.scope')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rights', to='accounts.team')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('plugin__isnull', False), ('scope__isnull', True)), models.Q(('plugin__isnull', True), ('scope__isnull', False)), _connector='OR'), name='right_has_one_target'), models.UniqueConstraint(fields=('team', 'plugin'), name='one_right_in_a_plugin'), models.UniqueConstraint(fields=('team', 'scope'), name='one_right_in_a_scope')],
            },
        ),
        migrations.RunPython(replace_triggers, restore_triggers),
    ]
