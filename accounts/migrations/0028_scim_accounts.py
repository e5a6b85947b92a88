from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0027_sso_only_organizations")]

    operations = [
        migrations.AddField(
            model_name="suspension",
            name="is_final",
            field=models.BooleanField(default=False, editable=False),
        ),
        # No user ever had an account that was not created for it.
        migrations.RemoveField(model_name="scimuser", name="is_provisioned"),
    ]
