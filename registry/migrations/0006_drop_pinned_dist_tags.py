"""Drop the column `is_pinned` of dist-tags, which nothing has used."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("registry", "0005_date_what_is_featured")]
    operations = [migrations.RemoveField("disttag", "is_pinned")]
