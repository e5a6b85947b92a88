"""Transfers of plugins and scopes; public documents name the publisher."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from common.times import format_time


_BATCH_SIZE = 200


def fill_documents(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Say in each public document who stands for the plugin: the oldest owner."""
    plugins = apps.get_model("registry", "Plugin").objects
    members = apps.get_model("registry", "Member").objects
    keys = list(plugins.exclude(document={}).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _BATCH_SIZE):
        batch = list(plugins.filter(pk__in=keys[start : start + _BATCH_SIZE]).only("document"))
        owners = members.filter(plugin__in=batch, role="owner").select_related("holder")
        first = {each.plugin_id: each for each in owners.order_by("-created_at", "-id")}
        for plugin in batch:
            owner = first.get(plugin.pk)
            plugin.document |= {
                "publisher": owner
                and {
                    "name": owner.holder.name,
                    "kind": owner.holder.kind,
                    "since": format_time(owner.created_at),
                },
                "transfers": [],
                "pendingTransfer": None,
            }
        plugins.bulk_update(batch, ["document"])


def leave_documents(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Older versions ignore the members, and drop them with the next change of the plugin."""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_organizations'),
        ('registry', '0017_rights_of_teams'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('offered', 'Offered'), ('accepted', 'Accepted'), ('completed', 'Completed'), ('declined', 'Declined'), ('canceled', 'Canceled'), ('expired', 'Expired'), ('failed', 'Failed')], default='offered', max_length=9)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(null=True)),
                ('takes_effect_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('accepted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('giver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='given', to='accounts.owner')),
                ('offered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('part_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='registry.transfer')),
                ('plugin', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='transfers', to='registry.plugin')),
                ('receiver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='received', to='accounts.owner')),
                ('scope', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='transfers', to='registry.scope')),
            ],
        ),
        migrations.CreateModel(
            name='TransferMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=[('offered', 'Offered'), ('accepted', 'Accepted'), ('completed', 'Completed'), ('declined', 'Declined'), ('canceled', 'Canceled'), ('expired', 'Expired'), ('failed', 'Failed')], max_length=9)),
                ('about', models.CharField(blank=True, max_length=130)),
                ('informed', models.IntegerField(default=0)),
                ('attempts', models.IntegerField(default=0)),
                ('due_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('transfer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mails', to='registry.transfer')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(condition=models.Q(('state__in', ('offered', 'accepted'))), fields=['state', 'takes_effect_at'], name='transfer_open'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('plugin__isnull', False), ('scope__isnull', True)), models.Q(('plugin__isnull', True), ('scope__isnull', False)), _connector='OR'), name='transfer_has_one_target'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('offered', 'accepted'))), fields=('plugin',), name='one_open_of_a_plugin'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('offered', 'accepted'))), fields=('scope',), name='one_open_of_a_scope'),
        ),
        migrations.AddConstraint(
            model_name='transfermail',
            constraint=models.UniqueConstraint(fields=('transfer', 'user', 'step'), name='one_mail_about_a_step'),
        ),
        migrations.RunPython(fill_documents, leave_documents),
    ]
