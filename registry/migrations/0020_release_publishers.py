"""Releases say which owner stood for their plugin when they became public."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0024_mail_domains"),
        ("registry", "0019_count_changes_of_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="release",
            name="publisher",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.owner",
            ),
        ),
    ]
