import datetime as dt

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import accounts.models.token

# Long enough to replace a token in every pipeline that uses it.
_LIFETIME = dt.timedelta(days=180)
_MAIL_BEFORE = dt.timedelta(days=7)


def limit_existing_tokens(apps, schema_editor):
    """Existing tokens keep what they could do. Those without an expiry get one, and a mail about it."""
    now = django.utils.timezone.now()
    tokens = apps.get_model("accounts", "Token").objects
    for token in tokens.select_related("user").iterator():
        token.limits = [token.limit] if token.limit else []
        if (token.user.is_moderator or token.user.is_superuser) and "manage" in token.scopes:
            token.scopes = [*token.scopes, "admin"]
        if token.expires_at is None:
            token.expires_at = now + _LIFETIME
            # The next run of the worker sends the mail, and a second one before the expiry.
            token.expiry_mail_at = now
        elif token.expires_at > now:
            token.expiry_mail_at = max(now, token.expires_at - _MAIL_BEFORE)
        if token.revoked_at is not None:
            token.expiry_mail_at = None
        token.save(update_fields=["limits", "scopes", "expires_at", "expiry_mail_at"])


class Migration(migrations.Migration):

    dependencies = [("accounts", "0007_owners")]

    operations = [
        migrations.AddField(
            model_name="token", name="limits", field=models.JSONField(default=list)
        ),
        migrations.AddField(
            model_name="token", name="networks", field=models.JSONField(default=list)
        ),
        migrations.AddField(
            model_name="token",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="children",
                to="accounts.token",
            ),
        ),
        migrations.AddField(
            model_name="token",
            name="last_used_address",
            field=models.CharField(blank=True, max_length=45),
        ),
        migrations.AddField(
            model_name="token",
            name="expiry_mail_at",
            field=models.DateTimeField(blank=True, db_index=True, editable=False, null=True),
        ),
        migrations.RunPython(limit_existing_tokens, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="token",
            name="expires_at",
            field=models.DateTimeField(default=accounts.models.token.compute_default_expiry),
        ),
        migrations.RemoveField(model_name="token", name="limit"),
    ]
