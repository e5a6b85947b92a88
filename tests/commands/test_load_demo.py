"""The demo goes through the real pipeline, once."""

from __future__ import annotations

import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import User
from registry.documents import join_counters
from registry.models import DistTag, Plugin, Release, Trust

pytestmark = pytest.mark.django_db


@pytest.fixture
def data_dir(settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def load() -> str:
    out = StringIO()
    call_command("load_demo", stdout=out)
    return out.getvalue()


def test_catalogue_is_published(data_dir: Path, client):
    """Every release is published; flags, tags, official scope and sign-ins are as promised."""
    load()
    assert Plugin.objects.filter(is_listed=True).count() >= 24
    assert set(Release.objects.values_list("state", flat=True)) == {"published"}
    official = Plugin.objects.filter(scope__name="ar")
    assert official.count() == 5
    assert {plugin.trust for plugin in official} == {Trust.OFFICIAL}
    assert all(join_counters(plugin)["official"] for plugin in official)
    assert Release.objects.filter(deprecated_at__isnull=False).count() == 1
    assert Release.objects.filter(yanked_at__isnull=False).count() == 1
    assert DistTag.objects.filter(name="beta").exists()
    assert Plugin.objects.filter(featured_at__isnull=False).exists()

    path = data_dir / "demo-sign-ins.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for line in path.read_text().splitlines():
        username, password = line.split()
        assert client.login(username=username, password=password)

    count = Release.objects.count()
    assert load() == ""
    assert Release.objects.count() == count


def test_passwords_are_made_for_each_registry(data_dir: Path, tmp_path_factory, settings):
    """Two registries do not share a password."""
    from registry.management.commands.load_demo import make_accounts

    make_accounts()
    first = (data_dir / "demo-sign-ins.txt").read_text()
    User.objects.all().delete()
    settings.DATA_DIR = tmp_path_factory.mktemp("other")
    make_accounts()
    second = (Path(settings.DATA_DIR) / "demo-sign-ins.txt").read_text()
    assert not set(first.splitlines()) & set(second.splitlines())
