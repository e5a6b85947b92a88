"""Create one owner for each account."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import common.bounded_fields

_BATCH = 1_000


def create_owners(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the owners of all accounts."""
    User, Owner = apps.get_model("accounts", "User"), apps.get_model("accounts", "Owner")
    users = User.objects.order_by("pk").values_list("pk", "username", "collision_key")
    Owner.objects.bulk_create(
        (
            Owner(kind="person", name=name, collision_key=key, user_id=pk)
            for pk, name, key in users.iterator(_BATCH)
        ),
        batch_size=_BATCH,
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_identity_tokens")]

    operations = [
        migrations.CreateModel(
            name="Owner",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    common.bounded_fields.BoundedCharField(
                        choices=[("person", "Person"), ("organization", "Organization")],
                        max_length=12,
                    ),
                ),
                ("name", common.bounded_fields.BoundedCharField(max_length=64, unique=True)),
                (
                    "collision_key",
                    common.bounded_fields.BoundedCharField(
                        db_index=True, editable=False, max_length=64
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="owner",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind", "person"), ("user__isnull", False)),
                        name="owner_is_one_party",
                    )
                ],
            },
        ),
        migrations.RunPython(create_owners, migrations.RunPython.noop),
    ]
