"""Lists come from the catalogue in memory: drop the indexes that only they used.

Each download count had to be written to five of them.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_append_only_journal")]
    operations = [
        migrations.RemoveIndex(model_name="plugin", name=name)
        for name in (
            "plugin_rated",
            "plugin_named",
            "plugin_kind",
            "plugin_trust",
            "plugin_license",
            "plugin_author",
        )
    ]
