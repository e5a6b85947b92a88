"""The demo is published once, through the real pipeline."""

from __future__ import annotations

import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import User
from registry.models import DistTag, Plugin, Release, Trust
from registry.representations.plugins import build_plugin_response

pytestmark = pytest.mark.django_db


@pytest.fixture
def data_dir(settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def load() -> str:
    out = StringIO()
    call_command("load_demo", stdout=out)
    return out.getvalue()


def test_catalog_is_published(data_dir: Path, client):
    """Every release is published, with its flags, tags, official scope and accounts."""
    load()
    assert Plugin.objects.filter(is_listed=True).count() >= 24
    assert set(Release.objects.values_list("state", flat=True)) == {"published"}
    official = Plugin.objects.filter(scope__name="ar")
    assert official.count() == 5
    assert {plugin.trust for plugin in official} == {Trust.OFFICIAL}
    assert all(build_plugin_response(plugin)["official"] for plugin in official)
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


def test_passwords_are_generated_for_each_registry(data_dir: Path, tmp_path_factory, settings):
    """Two registries do not share any password."""
    from registry.management.commands.load_demo import create_accounts

    create_accounts()
    first = (data_dir / "demo-sign-ins.txt").read_text()
    User.objects.all().delete()
    settings.DATA_DIR = tmp_path_factory.mktemp("other")
    create_accounts()
    second = (Path(settings.DATA_DIR) / "demo-sign-ins.txt").read_text()
    assert not set(first.splitlines()) & set(second.splitlines())
