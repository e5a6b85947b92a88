"""Connections to identity providers of organizations."""

import django.db.models.deletion
from django.db import migrations, models

import common.bounded_fields


class Migration(migrations.Migration):
    """Existing connections are those of the whole registry."""

    dependencies = [("accounts", "0018_refuse_replaced_audit_rows")]

    operations = [
        migrations.AddField(
            model_name="ssoconnection",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sso_connections",
                to="accounts.owner",
            ),
        ),
        migrations.AddField(
            model_name="ssoconnection",
            name="creates_accounts",
            field=models.BooleanField(default=True),
        ),
        migrations.AlterField(
            model_name="ssoidentity",
            name="granted",
            field=common.bounded_fields.BoundedJSONField(
                default=list,
                excess="rules are limited to 100: 400 `invalid-sso-connection`",
                max_bytes=16384,
            ),
        ),
    ]
