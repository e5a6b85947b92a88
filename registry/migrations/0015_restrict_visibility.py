"""Plugins and scopes are public, internal or private."""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import common.bounded_fields
from registry.migrations import _change_triggers

_CHOICES = [("public", "Public"), ("internal", "Internal"), ("private", "Private")]
_PLUGIN_EVENTS = {"registry_plugin": ("name", "scope_id", "featured_at", "created_at")}
_OLD_EVENTS = {**_PLUGIN_EVENTS, "registry_scope": ("name", "owner_id")}
# A change of a plugin's visibility is in the journal.
_NEW_EVENTS = {**_PLUGIN_EVENTS, "registry_scope": ("name", "owner_id", "visibility")}


def drop_old_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers of the tables that change."""
    _change_triggers.drop_triggers(editor, _OLD_EVENTS)


def create_old_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers as they were."""
    _change_triggers.create_triggers(editor, _OLD_EVENTS)


def create_new_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers, with the visibility of scopes."""
    _change_triggers.create_triggers(editor, _NEW_EVENTS)


def drop_new_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers."""
    _change_triggers.drop_triggers(editor, _NEW_EVENTS)


def _build_field() -> common.bounded_fields.BoundedCharField:
    return common.bounded_fields.BoundedCharField(
        choices=_CHOICES, default="public", max_length=8
    )


class Migration(migrations.Migration):
    dependencies = [("registry", "0014_belong_to_owners")]

    operations = [
        migrations.RunPython(drop_old_triggers, create_old_triggers),
        migrations.AddField("scope", "visibility", _build_field()),
        migrations.AddField("plugin", "visibility", _build_field()),
        migrations.AddIndex(
            "plugin",
            models.Index(
                condition=models.Q(("visibility__in", ("internal", "private"))),
                fields=["scope"],
                name="plugin_restricted",
            ),
        ),
        migrations.AddConstraint(
            "plugin",
            models.CheckConstraint(
                condition=models.Q(("visibility", "public"), ("scope__isnull", False), _connector="OR"),
                name="restricted_in_a_scope",
            ),
        ),
        migrations.RunPython(create_new_triggers, drop_new_triggers),
    ]
