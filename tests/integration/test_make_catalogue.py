"""The invented catalogue: the same each time, and such as publishing would have left it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection
from django.forms.models import model_to_dict

from accounts.models import User
from registry.documents import refresh_plugin
from registry.models import JournalEntry, Plugin, Release
from registry.publishing.inspect import inspect_package
from registry.publishing.receive import receive_file
from registry.storage.keys import make_package_key
from registry.synthetic.invent import Inventor, invent_authors
from registry.synthetic.packages import make_package
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db
# Of a plugin's row: what `refresh_plugin` may change because time passes, not because it differs.
TIMES = {"updated_at", "document"}


def make(count: int, **options: Any) -> str:
    out = StringIO()
    call_command("make_catalogue", count, stdout=out, **options)
    return out.getvalue()


def invent(count: int, seed: int) -> list[Any]:
    authors = invent_authors(count, set())
    return list(Inventor(count, seed=seed, authors=authors, taken=set()).invent())


def describe(plugin: Plugin) -> dict[str, Any]:
    row = model_to_dict(plugin)
    for name in ("categories", "tags"):
        row[name] = sorted(heading.slug for heading in row[name])
    return row


def test_the_same_seed_gives_the_same_plugins_and_bytes() -> None:
    first, second, other = invent(300, 7), invent(300, 7), invent(300, 8)
    assert first == second
    assert [make_package(p).body for p in first] == [make_package(p).body for p in second]
    assert {str(p.manifest.name) for p in first} != {str(p.manifest.name) for p in other}


def test_names_are_valid_and_do_not_collide() -> None:
    plugins = invent(3000, 1)
    keys = {plugin.manifest.name.collision_key for plugin in plugins}
    assert len(keys) == 3000
    parsed = [type(p.manifest.name).parse(str(p.manifest.name)) for p in plugins]
    assert parsed == [plugin.manifest.name for plugin in plugins]


def test_few_plugins_have_most_of_the_downloads() -> None:
    downloads = sorted((plugin.downloads for plugin in invent(1000, 1)), reverse=True)
    assert sum(downloads[:50]) > sum(downloads[50:])


def test_refreshing_a_plugin_changes_nothing() -> None:
    make(60)
    for plugin in Plugin.objects.all():
        before, document = describe(plugin), plugin.document
        refreshed = refresh_plugin(plugin.pk)
        after = describe(Plugin.objects.get(pk=plugin.pk))
        assert {k: v for k, v in before.items() if k not in TIMES} == {
            k: v for k, v in after.items() if k not in TIMES
        }
        assert {**refreshed.document, "updatedAt": document["updatedAt"]} == document


def test_every_package_is_what_its_release_says() -> None:
    make(30)
    for release in Release.objects.select_related("contents", "plugin"):
        artifact = release.artifacts.get()
        path = Path(storages["packages"].path(make_package_key(artifact.digest)))
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


def test_dependencies_lead_to_plugins_that_are_there() -> None:
    make(200)
    names = set(Plugin.objects.values_list("name", flat=True))
    needed = {
        name
        for release in Release.objects.prefetch_related("dependencies")
        for name in release.dependencies.values_list("name", flat=True)
    }
    assert needed
    assert needed <= names


def test_the_journal_tells_of_every_release_without_a_gap(publisher: Publisher) -> None:
    publisher.publish()
    make(40)
    entries = list(JournalEntry.objects.values_list("serial", "event", "plugin"))
    assert [serial for serial, _, _ in entries] == list(range(1, 42))
    assert {plugin for _, _, plugin in entries} == set(
        Plugin.objects.values_list("name", flat=True)
    )


def test_publishing_goes_on_beside_it(publisher: Publisher) -> None:
    before = publisher.publish("@acme/chat")
    make(40)
    after = publisher.publish("@acme/chat", "1.1.0")
    new = publisher.publish("@acme/mail")
    assert before.plugin_id == after.plugin_id
    assert new.pk > Release.objects.filter(plugin__scope__name="harbour-labs").latest("pk").pk
    assert {after.state, new.state} == {"published"}


def test_nobody_can_sign_in_as_an_invented_author() -> None:
    make(20)
    assert all(not user.has_usable_password() for user in User.objects.all())


def test_it_is_made_once() -> None:
    make(10)
    with pytest.raises(CommandError, match="holds an invented catalogue"):
        make(10)
    assert Plugin.objects.count() == 10


def test_production_is_left_alone_unless_forced(settings: Any) -> None:
    settings.IS_PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        make(10)
    assert not Plugin.objects.exists()
    assert "10 / 10" in make(10, force=True)
    assert Plugin.objects.count() == 10


@pytest.mark.parametrize("count", [0, -1, 1_000_001])
def test_counts_out_of_bounds_are_refused(count: int) -> None:
    with pytest.raises(CommandError, match="1 to 1,000,000 are possible"):
        make(count)


def test_more_than_a_batch_is_stored_whole() -> None:
    make(1003)
    assert Plugin.objects.filter(is_listed=True, latest__isnull=False).count() == 1003
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM registry_plugin p JOIN registry_release r ON r.id = p.latest_id"
            " WHERE r.plugin_id = p.id"
        )
        assert cursor.fetchone()[0] == 1003
