"""`manage.py import_marketplace` publishes whole marketplaces through the pipeline."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from registry.models import Plugin, Release
from registry.publishing.decision_mails import send_decision_mails
from tests.support.data import shared_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(create_user):
    return create_user("root", is_superuser=True, is_staff=True)


def run(folder: Path, *args: str, scope: str = "shelf", refused: int = 0) -> str:
    """Import a marketplace of which `refused` entries are refused; returns the output."""
    out = StringIO()
    arguments = (str(folder), "--scope", scope, *args)
    if not refused:
        call_command("import_marketplace", *arguments, stdout=out)
        return out.getvalue()
    with pytest.raises(CommandError, match=rf"^{refused} of \d+ entries were refused") as caught:
        call_command("import_marketplace", *arguments, stdout=out)
    assert caught.value.returncode == 1
    return out.getvalue()


def load_table(out: str) -> dict[str, str]:
    """The rows of the table at the end, without its rule."""
    rows = out.rsplit("\n\n", maxsplit=1)[-1].splitlines()[1:]
    return dict(row.rsplit(maxsplit=1) for row in rows if not row.startswith("---"))


def write_marketplace(folder: Path, *entries: Any, **fields: Any) -> Path:
    """Write only the list of plugins, not their folders."""
    path = folder / ".claude-plugin" / "marketplace.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": "shelf", "plugins": entries, **fields}))
    return folder


def write_files(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("Say hello.\n")


def list_files(name: str) -> list[str]:
    """The paths in the only release of a plugin."""
    contents = Release.objects.get(plugin__name=name).contents
    return sorted(file["path"] for file in contents.files)


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
    out = run(folder, refused=1)
    assert {(r.plugin.name, r.version, r.state) for r in Release.objects.all()} == {
        ("@shelf/tidy", "1.2.3", "published"),
        ("@shelf/bare", "0.0.0", "published"),
    }
    assert Plugin.objects.get(name="@shelf/bare").description == "From the entry."
    assert load_table(out) == {
        "published": "2",
        "unchanged": "0",
        "refused: files-elsewhere": "1",
        "all entries": "3",
    }


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
    """Published manifests declare only components that the package contains; notes name the others."""
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
    out = run(folder)
    assert "note: commands `./commands/gone.md` is not in the folder" in out
    manifest = Release.objects.get().contents.manifest
    assert manifest["components"] == {"commands": ["./commands/here.md"]}


def test_an_import_that_cannot_start_says_so_in_json(admin, tmp_path: Path, capsys):
    """Programs that read the output get the reason, and not an empty text."""
    with pytest.raises(CommandError):
        call_command("import_marketplace", tmp_path, "--scope", "shelf", "--json")
    error = json.loads(capsys.readouterr().out)["error"]
    assert error.keys() == {"code", "detail", "hint"}
    assert ".claude-plugin/marketplace.json" in error["detail"]


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


# Published, and refused because the files are elsewhere, or because the folder is not in the data.
REAL_MARKETPLACES = {
    "Dev-GOM__claude-code-marketplace": (9, 0, 0),
    "K-Dense-AI__claude-scientific-skills": (1, 0, 0),
    "anthropics__claude-plugins-official": (39, 233, 14),
    "boostvolt__claude-code-lsps": (22, 0, 0),
    "coreyhaines31__marketingskills": (1, 0, 0),
    "expo__skills": (5, 0, 0),
    "getprobo__probo": (0, 1, 0),
    "levnikolaevich__claude-code-skills": (1, 0, 0),
    "markus41__claude": (36, 0, 0),
    "netresearch__claude-code-marketplace": (0, 40, 0),
    "obra__superpowers-marketplace": (0, 10, 0),
    "phuryn__pm-skills": (9, 0, 0),
    "secondsky__claude-skills": (144, 0, 0),
    "stripe__ai": (1, 0, 0),
    "timescale__pg-aiguide": (1, 0, 0),
    "wshobson__agents": (91, 1, 0),
}


@pytest.mark.parametrize("name", REAL_MARKETPLACES)
def test_real_marketplaces(admin, name: str):
    """Every entry is in the table: published with its files, or refused with the reason."""
    published, elsewhere, missing = REAL_MARKETPLACES[name]
    out = run(
        shared_data("marketplaces", name), "--json", scope="real", refused=elsewhere + missing
    )
    entries = json.loads(out)["entries"]
    assert [entry["index"] for entry in entries] == list(range(published + elsewhere + missing))
    assert (
        Counter(entry["reason"] or entry["result"] for entry in entries)
        == Counter(
            {"published": published, "files-elsewhere": elsewhere, "source-missing": missing}
        )
        - Counter()
    )
    assert Release.objects.filter(state="published").count() == published
    for entry in entries:
        assert entry["address"]
        if entry["reason"] == "files-elsewhere":
            assert entry["address"] in entry["detail"]


def test_a_missing_folder_is_refused_by_name(admin, tmp_path: Path):
    """A plugin without its files would be an empty one."""
    out = run(write_marketplace(tmp_path, {"name": "gone", "source": "./plugins/gone"}), refused=1)
    assert "gone  The marketplace has no folder `./plugins/gone`" in out
    assert load_table(out)["refused: source-missing"] == "1"
    assert not Plugin.objects.exists()


def test_an_empty_folder_is_refused(admin, tmp_path: Path):
    (tmp_path / "plugins/bare").mkdir(parents=True)
    run(write_marketplace(tmp_path, {"name": "bare", "source": "./plugins/bare"}), refused=1)
    assert not Plugin.objects.exists()


def test_the_plugin_root_may_be_repeated_in_a_source(admin, tmp_path: Path):
    """`./x` is below the marketplace or, if nothing is there, below `pluginRoot`; `x` below the latter."""
    names = ("full", "short", "bare")
    for name in names:
        write_files(tmp_path, f"plugins/{name}/commands/hello.md")
    entries = [
        {"name": "full", "source": "./plugins/full", "version": "1.0.0"},
        {"name": "short", "source": "./short", "version": "1.0.0"},
        {"name": "bare", "source": "bare", "version": "1.0.0"},
        {"name": "gone", "source": "./gone", "version": "1.0.0"},
    ]
    out = run(
        write_marketplace(tmp_path, *entries, metadata={"pluginRoot": "./plugins"}), refused=1
    )
    for name in names:
        assert list_files(f"@shelf/{name}") == [".claude-plugin/plugin.json", "commands/hello.md"]
    assert "no folder `./gone` and no folder `./plugins/gone`" in out


@pytest.mark.parametrize("source", ["./", "."])
def test_the_marketplace_itself_can_be_the_plugin(admin, tmp_path: Path, source: str):
    """Without `.git` and what the ignore files name, links in ignored folders included."""
    write_files(
        tmp_path, "README.md", "skills/hello/SKILL.md", "run.log", ".git/config", "lib/keep.tgz"
    )
    (tmp_path / "skills/hello/SKILL.md").write_text(
        "---\nname: hello\ndescription: Says hello\n---\nSay hello.\n"
    )
    (tmp_path / ".gitignore").write_text("*.log\n/linked\n")
    (tmp_path / "linked").symlink_to(tmp_path / "skills")
    write_marketplace(tmp_path, {"name": "whole", "source": source, "version": "1.0.0"})
    run(tmp_path)
    assert list_files("@shelf/whole") == [
        ".claude-plugin/marketplace.json",
        ".claude-plugin/plugin.json",
        "README.md",
        "lib/keep.tgz",
        "skills/hello/SKILL.md",
    ]


def test_files_that_an_ignore_file_includes_are_published(admin, tmp_path: Path):
    """`.plugportignore` overrides the defaults, also for the copy that is packed."""
    write_files(tmp_path, "plugins/kit/data.tgz")
    (tmp_path / "plugins/kit/.plugportignore").write_text("!data.tgz\n")
    run(write_marketplace(tmp_path, {"name": "kit", "source": "./plugins/kit"}))
    assert "data.tgz" in list_files("@shelf/kit")


def test_unusable_entries_are_in_the_table(admin, tmp_path: Path):
    """Each with its first problem, in the order of the marketplace."""
    write_files(tmp_path, "good/commands/hello.md")
    good = {"name": "good", "source": "./good", "description": 5}
    entries = [7, {"name": "nowhere"}, good, {"name": "out", "source": "../x"}, good]
    out = run(write_marketplace(tmp_path, *entries), refused=4)
    assert load_table(out) == {
        "published": "1",
        "unchanged": "0",
        "refused: duplicate-entry": "1",
        "refused: missing-field": "1",
        "refused: unsafe-path": "1",
        "refused: wrong-type": "1",
        "all entries": "5",
    }
    assert "note: description: must be text, found the number `5`; it is ignored" in out
    document = json.loads(run(tmp_path, "--json", refused=4))
    assert [(entry["index"], entry["name"], entry["result"]) for entry in document["entries"]] == [
        (0, "", "refused"),
        (1, "nowhere", "refused"),
        (2, "@shelf/good", "unchanged"),
        (3, "out", "refused"),
        (4, "good", "refused"),
    ]
    assert document["counts"] == {"refused": 4, "unchanged": 1}


def test_remote_sources_are_refused_with_their_address(admin, tmp_path: Path):
    sources = {
        "npm:@a/b@^1": {"source": "npm", "package": "@a/b", "version": "^1"},
        "https://github.com/a/b": {"source": "github", "repo": "a/b"},
        "https://h.example/a.git#v1:p/x": {
            "source": "git-subdir",
            "url": "https://h.example/a.git",
            "path": "p/x",
            "ref": "v1",
        },
        "ssh://git@h.example/a/b.git": {"source": "url", "url": "git@h.example:a/b.git"},
    }
    entries = [{"name": f"p{i}", "source": source} for i, source in enumerate(sources.values())]
    out = run(write_marketplace(tmp_path, *entries), refused=len(entries))
    for number, address in enumerate(sources):
        assert (
            f"p{number}  The files of `p{number}` are not in this folder but at `{address}`." in out
        )
    assert load_table(out)["refused: files-elsewhere"] == str(len(entries))


def test_the_version_of_a_marketplace_need_not_be_semantic(admin, tmp_path: Path):
    write_files(tmp_path, "a/commands/hello.md", "b/commands/hello.md")
    entries = [{"name": "a", "source": "./a"}, {"name": "b", "source": "./b", "version": "1.2.0"}]
    run(write_marketplace(tmp_path, *entries, metadata={"version": "2.0"}))
    assert {r.plugin.name: r.version for r in Release.objects.all()} == {
        "@shelf/a": "0.0.0",
        "@shelf/b": "1.2.0",
    }


def test_an_odd_folder_does_not_stop_the_others(admin, tmp_path: Path):
    """Names that no file system can store, and files and folders in each other's places."""
    long = "x" * 300
    write_files(
        tmp_path,
        "file/.claude-plugin",
        "folder/.claude-plugin/plugin.json/x",
        "good/commands/hello.md",
        "plain",
    )
    entries = [
        {"name": "long", "source": f"./{long}"},
        {"name": "file", "source": "./file"},
        {"name": "folder", "source": "./folder"},
        {"name": "plain", "source": "./plain"},
        {"name": "good", "source": "./good", "commands": ["./commands/hello.md", f"./{long}.md"]},
    ]
    out = run(write_marketplace(tmp_path, *entries), refused=4)
    assert load_table(out)["published"] == "1"
    assert f"note: commands `./{long[:50]}" in out
    for name in ("long", "file", "folder", "plain"):
        assert f"refused    {name}  (" in out


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
    out = run(folder, refused=3)
    assert load_table(out)["refused: linked-out"] == "1"
    assert load_table(out)["refused: link"] == "2"
    assert not Release.objects.exists()
    assert (private / "plugin.json").read_text() == '{"name": "b"}'


def test_links_that_form_a_loop_are_refused_by_name(admin, tmp_path: Path):
    """They lead nowhere, and the other entries are imported."""
    write_files(tmp_path, "good/commands/hello.md")
    (tmp_path / "loop").symlink_to("loop")
    entries = [{"name": n, "source": f"./{n}"} for n in ("loop", "loop/inner", "good")]
    entries[1]["name"] = "inner"
    out = run(write_marketplace(tmp_path, *entries), refused=2)
    assert "The marketplace has no folder `./loop`" in out
    assert list_files("@shelf/good") == [".claude-plugin/plugin.json", "commands/hello.md"]


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "loop"])
def test_only_a_file_is_a_marketplace(admin, tmp_path: Path, kind: str):
    """Reading a pipe would wait forever, and reading a device would fill the memory."""
    path = write_marketplace(tmp_path) / ".claude-plugin/marketplace.json"
    path.unlink()
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case _:
            path.symlink_to(path.name)
    with pytest.raises(CommandError, match=r"contains no `\.claude-plugin/marketplace\.json`"):
        run(tmp_path)


def test_a_huge_marketplace_is_not_read(admin, tmp_path: Path):
    path = write_marketplace(tmp_path) / ".claude-plugin/marketplace.json"
    os.truncate(path, 1 << 40)
    with pytest.raises(CommandError, match=r"marketplace\.json.*bytes"):
        run(tmp_path)


@pytest.mark.parametrize("root", ["../shelf", "/etc", 5, "a\\b"])
def test_nothing_is_published_below_an_invalid_plugin_root(admin, tmp_path: Path, root: Any):
    """A folder of the same name elsewhere in the marketplace has other files."""
    write_files(tmp_path, "kit/commands/hello.md")
    folder = write_marketplace(tmp_path, {"name": "kit", "source": "kit"}, pluginRoot=root)
    with pytest.raises(CommandError, match="pluginRoot"):
        run(folder)
    assert not Plugin.objects.exists()


def test_readmes_are_files_and_no_links(admin, tmp_path: Path):
    """A link would publish any file of this machine."""
    folder = write_marketplace(tmp_path / "shelf", {"name": "kit", "source": "./kit"})
    write_files(folder, "kit/commands/hello.md")
    texts = tmp_path / "texts"
    (texts / "folder.md").mkdir(parents=True)
    (tmp_path / "diary.txt").write_text("secret")
    (texts / "link.md").symlink_to(tmp_path / "diary.txt")
    for path in (texts, tmp_path / "nowhere"):
        with pytest.raises(CommandError, match=r"contains no `\.md` file"):
            run(folder, "--readmes", str(path))
    (texts / "text.md").write_text("# Text\n")
    run(folder, "--readmes", str(texts))
    assert Release.objects.get().contents.readme == "# Text\n"


def test_an_import_is_one_mail(admin, tmp_path, mailoutbox):
    """A mail about each entry would fill the mailbox of the person who reads the output."""
    url = "postgres://chat:" + "kX9vQ2mL7pRw4tZs" + "@prod-db.internal/chat"
    names = [f"shelf-{number}" for number in range(4)]
    entries = [{"name": name, "source": f"./{name}", "version": "1.0.0"} for name in names]
    write_marketplace(tmp_path, *entries)
    for name in names:
        write_files(tmp_path, f"{name}/commands/hello.md")
        (tmp_path / name / "src").mkdir()
        (tmp_path / name / "src" / "db.js").write_text(f'db("{url}");\n')
    run(tmp_path)
    assert set(Release.objects.values_list("state", flat=True)) == {"held"}
    assert send_decision_mails() == 1
    (mail,) = mailoutbox
    assert mail.subject.endswith("] 4 decisions on releases")
    assert "@shelf/shelf-3 1.0.0 is held for a review." in mail.body
