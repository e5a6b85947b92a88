"""`manage.py import_marketplace` publishes whole marketplaces through the pipeline."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from registry.models import Plugin, Release
from tests.support.data import shared_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(create_user):
    return create_user("root", is_superuser=True, is_staff=True)


def run(folder: Path, *args: str, scope: str = "shelf") -> str:
    out = StringIO()
    call_command("import_marketplace", str(folder), "--scope", scope, *args, stdout=out)
    return out.getvalue()


def build_marketplace(folder: Path, entries: list[dict[str, Any]]) -> Path:
    for entry in entries:
        source = entry.get("source")
        if isinstance(source, str) and source.startswith("./"):
            path = folder / source / ".claude-plugin" / "plugin.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps({"name": entry["name"], **entry.pop("own", {})}))
    path = folder / ".claude-plugin" / "marketplace.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"name": "shelf", "owner": {"name": "S"}, "plugins": entries}))
    return folder


def test_publishes_plugins_with_files(admin, tmp_path: Path):
    """Files, manifest and entry are combined under the scope; the table counts every entry."""
    folder = build_marketplace(
        tmp_path,
        [
            {"name": "tidy", "source": "./plugins/tidy", "own": {"version": "1.2.3"}},
            {"name": "bare", "source": "./plugins/bare", "description": "From the entry."},
            {"name": "far", "source": {"source": "github", "repo": "x/far"}},
        ],
    )
    (tmp_path / "plugins/tidy/README.md").write_text("# Tidy\n")
    out = run(folder)
    assert {(r.plugin.name, r.version, r.state) for r in Release.objects.all()} == {
        ("@shelf/tidy", "1.2.3", "published"),
        ("@shelf/bare", "0.0.0", "published"),
    }
    assert Plugin.objects.get(name="@shelf/bare").description == "From the entry."
    table = dict(line.rsplit(maxsplit=1) for line in out.split("\n\n")[-1].splitlines()[1:-2])
    assert table == {"published": "2", "unchanged": "0", "refused: files-elsewhere": "1"}


def test_second_run_changes_nothing(admin, tmp_path: Path):
    """The same files give the same bytes, so nothing new is published."""
    folder = build_marketplace(tmp_path, [{"name": "tidy", "source": "./plugins/tidy"}])
    run(folder)
    assert "unchanged  @shelf/tidy" in run(folder)
    assert Release.objects.count() == 1


def test_readmes_go_to_plugins_without_one(admin, tmp_path: Path):
    """In rotation, and never over an existing README."""
    folder = build_marketplace(
        tmp_path / "shelf",
        [{"name": "own", "source": "./plugins/own"}, {"name": "none", "source": "./plugins/none"}],
    )
    (folder / "plugins/own/README.md").write_text("# My own\n")
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.md").write_text("# A\n")
    (texts / "b.md").write_text("# B\n")
    run(folder, "--readmes", str(texts))
    readmes = {r.plugin.name: r.contents.readme for r in Release.objects.all()}
    assert readmes == {"@shelf/own": "# My own\n", "@shelf/none": "# B\n"}


def test_components_without_files_are_removed(admin, tmp_path: Path):
    """Published manifests declare only components that the package contains."""
    folder = build_marketplace(
        tmp_path,
        [
            {
                "name": "kit",
                "source": "./plugins/kit",
                "commands": ["./commands/here.md", "./commands/gone.md"],
            }
        ],
    )
    (tmp_path / "plugins/kit/commands").mkdir()
    (tmp_path / "plugins/kit/commands/here.md").write_text("Say hello.\n")
    run(folder)
    manifest = Release.objects.get().contents.manifest
    assert manifest["components"] == {"commands": ["./commands/here.md"]}


@pytest.mark.parametrize("args", [("--owner", "nobody"), ()])
def test_without_an_owner_nothing_happens(db, tmp_path: Path, args):
    """The publishing account must exist."""
    folder = build_marketplace(tmp_path, [{"name": "tidy", "source": "./plugins/tidy"}])
    with pytest.raises(CommandError):
        run(folder, *args)
    assert not Plugin.objects.exists()


def test_folder_without_marketplace(admin, tmp_path: Path):
    """The error names the missing file."""
    with pytest.raises(CommandError, match=r"\.claude-plugin/marketplace\.json"):
        run(tmp_path)


@pytest.mark.parametrize(
    ("name", "published", "refused"),
    [
        ("boostvolt__claude-code-lsps", 22, 0),
        ("Dev-GOM__claude-code-marketplace", 9, 0),
        ("getprobo__probo", 0, 1),
    ],
)
def test_real_marketplaces(admin, name: str, published: int, refused: int):
    """Plugins with files are published, plugins without are refused with the reason."""
    out = run(shared_data("marketplaces", name), scope="real")
    assert Release.objects.filter(state="published").count() == published
    assert out.count("  refused  ") == refused


def test_symbolic_links_are_refused(admin, tmp_path: Path):
    """An untrusted marketplace can neither publish nor overwrite files outside its folder."""
    private = tmp_path / "private"
    private.mkdir()
    (private / "plugin.json").write_text('{"name": "b"}')
    (private / "diary.txt").write_text("secret")
    folder = build_marketplace(
        tmp_path / "shelf",
        [{"name": name, "source": f"./plugins/{name}"} for name in ("folder", "file", "inner")],
    )
    plugins = folder / "plugins"
    shutil.rmtree(plugins / "folder")
    (plugins / "folder").symlink_to(private)
    (plugins / "file/.claude-plugin/plugin.json").unlink()
    (plugins / "file/.claude-plugin/plugin.json").symlink_to(private / "plugin.json")
    (plugins / "inner/docs").symlink_to(private)
    out = run(folder)
    assert "refused: linked-out" in out
    assert not Release.objects.exists()
    assert (private / "plugin.json").read_text() == '{"name": "b"}'
