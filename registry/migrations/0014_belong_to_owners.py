"""Scopes and roles belong to owners, which are persons or organizations."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import OuterRef, Subquery

from registry.migrations import _change_triggers

_OLD_EVENTS = {
    "registry_member": ("plugin_id", "user_id", "role"),
    "registry_scope": ("name", "owner_id"),
}
_NEW_EVENTS = {
    "registry_member": ("plugin_id", "holder_id", "role"),
    "registry_scope": ("name", "owner_id"),
    "accounts_owner": ("name", "user_id"),
}


def drop_old_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers on the columns that are replaced."""
    _change_triggers.drop_triggers(editor, _OLD_EVENTS)


def create_old_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers of migration 0013 again."""
    _change_triggers.create_triggers(editor, _OLD_EVENTS)


def create_new_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers on the new columns."""
    _change_triggers.create_triggers(editor, _NEW_EVENTS)


def drop_new_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers on the new columns."""
    _change_triggers.drop_triggers(editor, _NEW_EVENTS)


def fill_owners(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Set the owner of each account."""
    owners = apps.get_model("accounts", "Owner").objects
    scopes = apps.get_model("registry", "Scope").objects
    members = apps.get_model("registry", "Member").objects
    scopes.update(person=Subquery(owners.filter(user=OuterRef("owner")).values("pk")))
    members.update(holder=Subquery(owners.filter(user=OuterRef("user")).values("pk")))
    _check_constraints_now(editor)


def fill_accounts(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Set the account of each owner."""
    users = apps.get_model("accounts", "User").objects
    scopes = apps.get_model("registry", "Scope").objects
    members = apps.get_model("registry", "Member").objects
    scopes.update(owner=Subquery(users.filter(owner=OuterRef("person")).values("pk")))
    members.update(user=Subquery(users.filter(owner=OuterRef("holder")).values("pk")))
    _check_constraints_now(editor)


def _check_constraints_now(editor: BaseDatabaseSchemaEditor) -> None:
    # PostgreSQL changes no table whose rows have foreign keys to check at the end of the transaction.
    if editor.connection.vendor == "postgresql":
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        editor.execute("SET CONSTRAINTS ALL DEFERRED")


def _to_owner(name: str, *, null: bool) -> models.ForeignKey:
    return models.ForeignKey(
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=name,
        to="accounts.owner",
    )


def _to_account(name: str) -> models.ForeignKey:
    return models.ForeignKey(
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=name,
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0013_count_public_changes"),
        ("accounts", "0007_owners"),
    ]

    operations = [
        migrations.RunPython(drop_old_triggers, create_old_triggers),
        migrations.RemoveConstraint("member", "one_role_a_member"),
        migrations.AddField("member", "holder", _to_owner("memberships", null=True)),
        migrations.AddField("scope", "person", _to_owner("scopes", null=True)),
        # Nullable, so that the migration can be undone.
        migrations.AlterField("member", "user", _to_account("+")),
        migrations.AlterField("scope", "owner", _to_account("+")),
        migrations.RunPython(fill_owners, fill_accounts),
        migrations.RemoveField("member", "user"),
        migrations.RemoveField("scope", "owner"),
        migrations.RenameField("scope", "person", "owner"),
        migrations.AlterField("member", "holder", _to_owner("memberships", null=False)),
        migrations.AlterField("scope", "owner", _to_owner("scopes", null=False)),
        migrations.AddConstraint(
            "member",
            models.UniqueConstraint(fields=("plugin", "holder"), name="one_role_a_holder"),
        ),
        migrations.RunPython(create_new_triggers, drop_new_triggers),
    ]
