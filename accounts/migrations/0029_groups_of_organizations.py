"""Groups of the identity providers of organizations, and which roles and places in teams groups gave."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone


def mark_given(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Mark what groups of SCIM give: at a sign-in, it must not count as given by a person."""
    given = apps.get_model("accounts", "ScimGroupMember").objects.filter(
        member__organization=models.OuterRef("organization"), member__user=models.OuterRef("user")
    )
    apps.get_model("accounts", "OrganizationMember").objects.filter(
        models.Exists(given.filter(group__role=models.OuterRef("role")))
    ).update(role_given_at=timezone.now())
    in_team = apps.get_model("accounts", "ScimGroupMember").objects.filter(
        group__team=models.OuterRef("team"), member__user=models.OuterRef("member__user")
    )
    apps.get_model("accounts", "TeamMember").objects.filter(models.Exists(in_team)).update(
        given_at=timezone.now()
    )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0028_scim_accounts'),
    ]

    operations = [
        migrations.AddField(
            model_name='organizationmember',
            name='role_given_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='teammember',
            name='given_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='SsoGroupRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('group', models.CharField(max_length=254)),
                ('role', models.CharField(blank=True, choices=[('manager', 'Manager'), ('billing', 'Billing')], max_length=12)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='organization_rules', to='accounts.ssoconnection')),
                ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sso_rules', to='accounts.team')),
            ],
            options={
                'ordering': ['group', 'id'],
            },
        ),
        migrations.CreateModel(
            name='SsoGroupMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('identity', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='groups', to='accounts.ssoidentity')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='accounts.ssogrouprule')),
            ],
        ),
        migrations.AddConstraint(
            model_name='ssogrouprule',
            constraint=models.UniqueConstraint(fields=('connection', 'group', 'team'), name='sso_team_once'),
        ),
        migrations.AddConstraint(
            model_name='ssogrouprule',
            constraint=models.UniqueConstraint(condition=models.Q(('team__isnull', True)), fields=('connection', 'group', 'role'), name='sso_role_once'),
        ),
        migrations.AddConstraint(
            model_name='ssogrouprule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role', ''), ('team__isnull', False)), models.Q(('role__gt', ''), ('team__isnull', True)), _connector='OR'), name='sso_rule_gives_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='ssogroupmember',
            constraint=models.UniqueConstraint(fields=('rule', 'identity'), name='once_in_an_sso_group'),
        ),
        migrations.RunPython(mark_given, migrations.RunPython.noop),
    ]
