"""The generated catalog equals what publishing would have written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.forms.models import model_to_dict

from accounts.models import User
from bench.seed.catalog import BATCH_SIZE, create_catalog
from registry.models import Plugin, Release
from registry.publishing.inspect import inspect_package
from registry.publishing.receive import receive_file
from registry.publishing.refresh import refresh_plugin
from registry.storage.keys import build_package_key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_catalog", "_module_packages")]
COUNT = BATCH_SIZE + 3
# Columns of a plugin that contain the time of the last refresh.
TIMES = {"updated_at", "document"}


@pytest.fixture(scope="module")
def _catalog(module_db: None) -> None:
    """More than one batch, for all tests."""
    create_catalog(count=COUNT, seed=1, on_progress=lambda _: None)


def describe(plugin: Plugin) -> dict[str, Any]:
    row = model_to_dict(plugin)
    for name in ("categories", "tags"):
        row[name] = sorted(term.slug for term in row[name])
    return row


def test_refreshing_a_plugin_changes_nothing() -> None:
    for plugin in Plugin.objects.order_by("pk")[:60]:
        before, document = describe(plugin), plugin.document
        refreshed = refresh_plugin(plugin.pk)
        after = describe(Plugin.objects.get(pk=plugin.pk))
        assert {k: v for k, v in before.items() if k not in TIMES} == {
            k: v for k, v in after.items() if k not in TIMES
        }
        assert {**refreshed.document, "updatedAt": document["updatedAt"]} == document


def test_every_package_matches_its_release() -> None:
    releases = Release.objects.select_related("contents", "plugin").order_by("pk")
    for release in releases[:30]:
        artifact = release.artifacts.get()
        path = Path(storages["packages"].path(build_package_key(artifact.digest)))
        with receive_file(path) as received:
            inspected = inspect_package(received)
        contents = release.contents
        assert inspected.manifest.as_dict() == contents.manifest
        assert str(inspected.manifest.name) == release.plugin.name
        assert str(inspected.manifest.version) == release.version
        assert inspected.manifest_text == contents.manifest_text
        assert inspected.package.texts["README.md"].decode() == contents.readme
        assert [entry.path for entry in inspected.package.files] == [
            file["path"] for file in contents.files
        ]
        assert [entry.sha256.hex for entry in inspected.package.files] == [
            file["sha256"] for file in contents.files
        ]
        assert inspected.package.unpacked_bytes == release.unpacked_bytes
        assert (received.sha256.hex, received.sha512.hex, received.size_bytes) == (
            artifact.sha256,
            artifact.sha512,
            artifact.size_bytes,
        )


def test_dependencies_exist() -> None:
    names = set(Plugin.objects.values_list("name", flat=True))
    needed = set(Release.objects.values_list("dependencies__name", flat=True)) - {None}
    assert needed
    assert needed <= names


def test_generated_authors_cannot_sign_in() -> None:
    assert all(not user.has_usable_password() for user in User.objects.all())


def test_more_than_one_batch_is_stored_completely() -> None:
    assert Plugin.objects.filter(is_listed=True, latest__isnull=False).count() == COUNT
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM registry_plugin p JOIN registry_release r ON r.id = p.latest_id"
            " WHERE r.plugin_id = p.id"
        )
        assert cursor.fetchone()[0] == COUNT
