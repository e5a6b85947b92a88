"""Keep since when a plugin is featured, which is the order in which the front page shows them."""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone


def date_marks(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """What is featured already counts from now on: all from the same moment."""
    marked = apps.get_model("registry", "Plugin").objects.filter(is_featured=True)
    marked.update(featured_at=timezone.now())


def mark_dates(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """The way back."""
    dated = apps.get_model("registry", "Plugin").objects.filter(featured_at__isnull=False)
    dated.update(is_featured=True)


class Migration(migrations.Migration):
    dependencies = [("registry", "0004_count_headings_and_list_from_tables")]
    operations = [
        migrations.AddField(
            "plugin", "featured_at", models.DateTimeField(null=True, blank=True)
        ),
        migrations.RunPython(date_marks, mark_dates),
        migrations.RemoveIndex("plugin", "plugin_featured"),
        migrations.RemoveField("plugin", "is_featured"),
        migrations.AddIndex(
            "plugin",
            models.Index(
                fields=["-featured_at"],
                condition=models.Q(featured_at__isnull=False),
                name="plugin_featured",
            ),
        ),
    ]
