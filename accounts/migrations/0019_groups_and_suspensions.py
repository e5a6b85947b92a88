"""Groups of the registry, with the accounts that have their rights, and suspended accounts."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_FIELDS = {"moderator": "is_moderator", "security-reviewer": None, "operator": "is_superuser"}


def fill_groups(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Create the groups, and put those into them that have their rights."""
    users = apps.get_model("accounts", "User").objects
    for name, field in _FIELDS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        if field is not None:
            group.user_set.add(*users.filter(**{field: True}))


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0018_refuse_replaced_audit_rows'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='is_security_reviewer',
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name='Suspension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='suspension', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.RunPython(fill_groups, migrations.RunPython.noop),
    ]
