"""Fill the changelog entry of releases from the changelogs of their packages."""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from plugport.spec.changelog import cut_text, extract_section

# The limit of an entry at the time of this migration.
_MAX_CHARS = 65_536


def _fill_entries(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    contents: Any = apps.get_model("registry", "ReleaseContents")
    rows = contents.objects.using(schema_editor.connection.alias)
    keys = rows.filter(changelog_entry="").exclude(changelog="").values_list("pk", flat=True)
    # One at a time: a changelog may have a megabyte.
    for pk in list(keys):
        row = rows.filter(pk=pk)
        changelog, version = row.values_list("changelog", "release__version").get()
        entry = cut_text(extract_section(changelog, version), _MAX_CHARS)
        if entry:
            row.update(changelog_entry=entry)


class Migration(migrations.Migration):
    dependencies = [("registry", "0008_record_last_runs")]
    operations = [migrations.RunPython(_fill_entries, migrations.RunPython.noop)]
