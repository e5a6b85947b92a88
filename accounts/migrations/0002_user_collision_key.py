from django.db import migrations, models

from plugport.spec.names import fold_part


def fill_keys(apps, schema_editor):
    users = apps.get_model("accounts", "User").objects
    for user in users.only("username").iterator():
        users.filter(pk=user.pk).update(collision_key=fold_part(user.username))


class Migration(migrations.Migration):

    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="collision_key",
            field=models.CharField(default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.RunPython(fill_keys, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="user",
            name="collision_key",
            field=models.CharField(db_index=True, editable=False, max_length=64),
        ),
    ]
