"""Fill in the publishers of earlier releases, from the documents and the transfers of their plugins."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_BATCH_SIZE = 200


def fill_publishers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Set the giver of the first transfer after each release, or the present publisher.

    Changes of owners without a transfer are in no table; such releases get the later owner.
    """
    plugins = apps.get_model("registry", "Plugin").objects
    keys = list(plugins.exclude(document={}).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _BATCH_SIZE):
        _fill_batch(apps, keys[start : start + _BATCH_SIZE])


def _fill_batch(apps: StateApps, keys: list[int]) -> None:
    releases = apps.get_model("registry", "Release").objects
    public = releases.filter(published_at__isnull=False, publisher=None)
    rows = apps.get_model("registry", "Plugin").objects.filter(pk__in=keys)
    documents = dict(rows.values_list("pk", "document"))
    names = {key: (each.get("publisher") or {}).get("name") for key, each in documents.items()}
    owners = apps.get_model("accounts", "Owner").objects.filter(name__in=set(names.values()))
    known = dict(owners.values_list("name", "pk"))
    transfers = apps.get_model("registry", "Transfer").objects
    ended = transfers.filter(plugin__in=keys, state="completed", ended_at__isnull=False)
    # The oldest first: each update leaves only the releases that followed.
    for key, giver, at in ended.order_by("ended_at", "pk").values_list(
        "plugin_id", "giver_id", "ended_at"
    ):
        public.filter(plugin=key, published_at__lt=at).update(publisher=giver)
    by_owner: dict[int, list[int]] = {}
    for key, name in names.items():
        if name in known:
            by_owner.setdefault(known[name], []).append(key)
    for owner, plugins in by_owner.items():
        public.filter(plugin__in=plugins).update(publisher=owner)


def leave_publishers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The column is dropped next."""


class Migration(migrations.Migration):

    dependencies = [("registry", "0020_release_publishers")]

    operations = [migrations.RunPython(fill_publishers, leave_publishers)]
