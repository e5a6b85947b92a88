"""Claims to plugins and scopes; public documents say whether a plugin seeks adoption."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_BATCH_SIZE = 200


def fill_documents(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Say in each public document that nobody is looked for."""
    plugins = apps.get_model("registry", "Plugin").objects
    keys = list(plugins.exclude(document={}).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _BATCH_SIZE):
        batch = list(plugins.filter(pk__in=keys[start : start + _BATCH_SIZE]).only("document"))
        for plugin in batch:
            plugin.document["seeksAdoption"] = False
        plugins.bulk_update(batch, ["document"])


def leave_documents(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Older versions ignore the member, and drop it with the next change of the plugin."""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0024_mail_domains'),
        ('registry', '0022_count_changes_of_proofs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='plugin',
            name='seeks_adoption',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('adoption', 'Adoption'), ('name', 'Name')], max_length=8)),
                ('state', models.CharField(choices=[('open', 'Open'), ('objected', 'Objected'), ('accepted', 'Accepted'), ('granted', 'Granted'), ('refused', 'Refused'), ('reversed', 'Reversed'), ('withdrawn', 'Withdrawn')], default='open', max_length=9)),
                ('clock', models.CharField(choices=[('running', 'Running'), ('reminded', 'Reminded'), ('over', 'Over')], default='running', max_length=8)),
                ('reason', models.TextField()),
                ('evidence', models.TextField(blank=True)),
                ('objection', models.TextField(blank=True)),
                ('decision', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('answer_by', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('claimant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('plugin', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='claims', to='registry.plugin')),
                ('receiver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='accounts.owner')),
                ('scope', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='claims', to='registry.scope')),
                ('transfer', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='claim', to='registry.transfer')),
            ],
        ),
        migrations.CreateModel(
            name='ClaimMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(max_length=9)),
                ('attempts', models.IntegerField(default=0)),
                ('due_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('claim', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mails', to='registry.claim')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('state__in', ('open', 'objected'))), fields=['state', 'answer_by'], name='claim_open'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('plugin__isnull', False), ('scope__isnull', True)), models.Q(('plugin__isnull', True), ('scope__isnull', False)), _connector='OR'), name='claim_has_one_target'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('open', 'objected'))), fields=('plugin',), name='one_open_claim_to_a_plugin'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('open', 'objected'))), fields=('scope',), name='one_open_claim_to_a_scope'),
        ),
        migrations.AddConstraint(
            model_name='claimmail',
            constraint=models.UniqueConstraint(fields=('claim', 'user', 'step'), name='one_mail_about_a_claim_step'),
        ),
        migrations.RunPython(fill_documents, leave_documents),
    ]
