"""Count the plugins under each heading, and index what the database lists by."""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce


def count_plugins(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Fill the new columns; from here on every change of a plugin keeps them."""
    plugin = apps.get_model("registry", "Plugin")
    for name, field in (("Category", "categories"), ("Tag", "tags")):
        link = name.lower()
        listed = getattr(plugin, field).through.objects.filter(
            plugin__is_listed=True, **{link: OuterRef("pk")}
        )
        counted = listed.order_by().values(link).annotate(count=Count("pk")).values("count")
        apps.get_model("registry", name).objects.update(plugin_count=Coalesce(Subquery(counted), 0))


def _index(model: str, name: str, *fields: str) -> migrations.AddIndex:
    return migrations.AddIndex(model, models.Index(fields=list(fields), name=name))


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_drop_indexes_of_lists")]
    operations = [
        migrations.AddField("category", "plugin_count", models.IntegerField(default=0)),
        migrations.AddField("tag", "plugin_count", models.IntegerField(default=0)),
        migrations.RunPython(count_plugins, migrations.RunPython.noop),
        _index("category", "category_used", "-plugin_count", "slug"),
        _index("tag", "tag_used", "-plugin_count", "slug"),
        _index("plugin", "plugin_rated", "is_listed", "-rating", "id"),
        _index("plugin", "plugin_named", "is_listed", "name"),
        _index("plugin", "plugin_kind", "kind"),
        _index("plugin", "plugin_trust", "trust"),
        _index("plugin", "plugin_license", "license"),
        _index("plugin", "plugin_author", "author_name"),
        # Planners that know the old indexes only would take a new one for every list.
        migrations.RunSQL("ANALYZE registry_plugin", migrations.RunSQL.noop),
    ]
