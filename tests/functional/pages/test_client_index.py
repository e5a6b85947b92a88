"""The command line that the registry builds and serves: `/install` and `/simple/plugport/`."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import shutil
import zipfile
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from plugport import __version__
from tests.functional.pages.dom import parse
from tests.support.data import ROOT
from tests.support.people import create_user

WHEEL = f"plugport-{__version__}-py3-none-any.whl"
INDEX = "/simple/plugport/"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the wheel, which the first test fills."""
    return tmp_path_factory.mktemp("client")


@pytest.fixture
def wheel(client, settings, built) -> bytes:
    settings.CLIENT_DIR = built
    call_command("build_client", verbosity=0)
    return read(client, INDEX + WHEEL)


def read(client, path: str) -> bytes:
    response = client.get(path)
    assert response.status_code == 200
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_the_index_names_the_wheel_with_its_hash(client, wheel):
    page = read(client, INDEX).decode()
    (link,) = re.findall(r'<a href="([^"]+)"', page)
    path, fragment = urldefrag(urljoin(INDEX, link))
    assert path == INDEX + WHEEL
    assert fragment == f"sha256={hashlib.sha256(wheel).hexdigest()}"
    assert 'data-requires-python="&gt;=3.11"' in page
    (project,) = re.findall(r'<a href="([^"]+)"', read(client, "/simple/").decode())
    assert urljoin("/simple/", project) == INDEX
    for path in ("/simple", "/simple/plugport"):
        assert client.get(path).url == f"{path}/"


def test_the_wheel_has_the_program_and_its_data(wheel):
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        names = archive.namelist()
        entry_points = archive.read(f"plugport-{__version__}.dist-info/entry_points.txt")
        record = archive.read(f"plugport-{__version__}.dist-info/RECORD").decode()
        digest = hashlib.sha256(archive.read("plugport/cli/main.py")).digest()
    assert b"plugport = plugport.__main__:main" in entry_points
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") in record
    packaged = {p for p in names if p.startswith("plugport/")}
    source = {
        p.relative_to(ROOT).as_posix()
        for p in (ROOT / "plugport").rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert packaged == source


def test_the_wheel_needs_a_click_that_has_its_errors(wheel):
    """Before 8.2, click has no `NoArgsIsHelpError`: each error would end in a traceback."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        metadata = archive.read(f"plugport-{__version__}.dist-info/METADATA").decode()
    (bounds,) = re.findall(r"^Requires-Dist: click(.*)$", metadata, re.MULTILINE)
    assert set(bounds.strip().split(",")) == {">=8.2", "<9"}


def test_the_same_source_gives_the_same_bytes(client, settings, wheel, tmp_path):
    settings.CLIENT_DIR = tmp_path / "other"
    call_command("build_client", verbosity=0)
    assert read(client, INDEX + WHEEL) == wheel


def test_it_is_built_again_only_if_the_source_changed(settings, wheel, tmp_path, capsys):
    settings.CLIENT_DIR = tmp_path / "client"
    settings.BASE_DIR = copy_source(tmp_path / "source")
    for verb in ("built", "is up to date"):
        call_command("build_client")
        assert capsys.readouterr().out.startswith(f"{verb}")
    init = settings.BASE_DIR / "plugport" / "__init__.py"
    init.write_text(init.read_text().replace(f'"{__version__}"', '"99.0.0"'))
    call_command("build_client")
    assert "built plugport-99.0.0-py3-none-any.whl" in capsys.readouterr().out
    assert [path.name for path in settings.CLIENT_DIR.glob("*.whl")] == [
        "plugport-99.0.0-py3-none-any.whl"
    ]


def test_a_source_that_cannot_be_built_is_an_error(settings, tmp_path):
    settings.CLIENT_DIR = tmp_path / "client"
    settings.BASE_DIR = copy_source(tmp_path / "source")
    (settings.BASE_DIR / "pyproject.toml").write_text("[project\n")
    with pytest.raises(CommandError, match="cannot be built"):
        call_command("build_client")
    assert list(settings.CLIENT_DIR.iterdir()) == []


def copy_source(folder: Path) -> Path:
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(
        ROOT / "plugport", folder / "plugport", ignore=shutil.ignore_patterns("__pycache__")
    )
    return folder


@pytest.mark.parametrize("path", ["client.json", "..%2Fsecret", "plugport-0.0.1-py3-none-any.whl"])
def test_other_files_are_not_served(client, db, wheel, path):
    assert client.get(INDEX + path).status_code == 404


@pytest.mark.parametrize("path", [INDEX, INDEX + WHEEL])
def test_a_registry_without_the_wheel_says_so(client, db, settings, tmp_path, path):
    settings.CLIENT_DIR = tmp_path
    response = client.get(path)
    assert response.status_code == 503
    assert "build_client" in response.content.decode()


def test_the_page_names_the_current_wheel(open_page):
    text = open_page("/install").one("article").text
    assert set(re.findall(r"plugport-[\w.]+-py3-none-any\.whl", text)) == {WHEEL}
    assert f"http://127.0.0.1:8000{INDEX}{WHEEL}" in text
    for word in (
        "pipx install ",
        "uvx --from ",
        "pip install --index-url http://127.0.0.1:8000/simple/",
    ):
        assert word in text


def test_places_that_show_commands_lead_to_the_page(open_page, publisher):
    publisher.publish()
    for path in ("/", "/search", "/plugins/@acme/chat", "/publish", "/docs/cli"):
        assert "/install" in open_page(path).links, path
    for path in ("/plugins/@acme/chat", "/publish", "/docs/cli", "/docs/install", "/docs/ci"):
        assert "/install" in open_page(path).one("main").links, path


def test_the_account_leads_to_the_page(client, open_page):
    """Beside the commands for a first plugin, and beside a new token."""
    user = create_user("newcomer")
    client.force_login(user)
    assert "/install" in open_page("/account").one("main").links
    form = {"name": "laptop", "scopes": ["publish"], "days": "90"}
    response = client.post("/account/tokens", form, follow=True)
    main = parse(response.content.decode()).one("main")
    assert "plugport login" in main.text
    assert "/install" in main.links
