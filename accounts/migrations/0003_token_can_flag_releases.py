from django.db import migrations, models


def keep_what_tokens_had(apps, schema_editor):
    tokens = apps.get_model("accounts", "Token").objects
    # In Python: SQLite cannot query inside JSON lists with `contains`.
    for token in tokens.only("scopes").iterator():
        if "publish" in token.scopes and "manage" not in token.scopes:
            tokens.filter(pk=token.pk).update(can_flag_releases=True)


class Migration(migrations.Migration):

    dependencies = [("accounts", "0002_user_collision_key")]

    operations = [
        migrations.AddField(
            model_name="token",
            name="can_flag_releases",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(keep_what_tokens_had, migrations.RunPython.noop),
    ]
