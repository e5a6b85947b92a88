"""Linked folders and unfinished changes: refused early, reported and repaired by `doctor`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry.models import Release
from tests.client.support import Cli, build_name, write_plugin


def link_folder(cli: Cli, name: str) -> Path:
    """Replace an installed plugin by a link to a copy, as people do to work on it."""
    folder, copy = cli.folder_of(name), cli.project / "dev" / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(copy)
    folder.symlink_to(copy)
    return copy


def diagnose(cli: Cli, *args: str, code: int = 3) -> list[dict[str, Any]]:
    """The problems that `doctor --json` prints."""
    result = cli.run("doctor", *args, "--json")
    assert result.exit_code == code, result.output
    problems: list[dict[str, Any]] = json.loads(result.stdout)["problems"]
    return problems


def list_status(cli: Cli) -> dict[str, str]:
    rows = cli.json("list", "--installed")["plugins"]
    return {row["name"]: row["status"] for row in rows}


def read_tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_linked_plugin_folder_blocks_only_its_own_installation(cli: Cli) -> None:
    name, other = build_name(), build_name("other")
    cli.publish(name, "1.0.0")
    cli.publish(name, "1.0.1")
    cli.publish(other)
    cli.ok("install", f"{name}@1.0.0")
    copy = link_folder(cli, name)
    before = read_tree(cli.project)
    for version in ("1.0.1", "1.0.0"):
        error = cli.error(4, "install", f"{name}@{version}")
        assert error["code"] == "unsafe-folder"
        assert f".plugport/plugins/{name}" in error["detail"]
        assert "plugport doctor --repair" in error["hint"]
        assert read_tree(cli.project) == before
        assert cli.folder_of(name).readlink() == copy
    assert list_status(cli) == {name: "changed"}
    cli.ok("install", other)
    assert list_status(cli) == {name: "changed", other: "ok"}
    files = read_tree(copy)
    cli.ok("remove", name)
    assert list_status(cli) == {other: "ok"}
    assert not cli.folder_of(name).is_symlink()
    assert read_tree(copy) == files


@pytest.mark.parametrize("repair", [(), ("--repair",)])
def test_doctor_finds_nothing_wrong(cli: Cli, repair: tuple[str, ...]) -> None:
    assert diagnose(cli, *repair, code=0) == []
    assert list(cli.project.iterdir()) == []
    cli.publish(name := build_name())
    cli.ok("install", name)
    before = read_tree(cli.project)
    assert diagnose(cli, *repair, code=0) == []
    assert "no problems" in cli.ok("doctor", *repair).stdout
    assert read_tree(cli.project) == before


def test_doctor_repairs_a_linked_plugin_folder(cli: Cli) -> None:
    cli.publish(name := build_name(), "1.0.0")
    cli.ok("install", name)
    cli.publish(name, "1.1.0")
    copy = link_folder(cli, name)
    (copy / "index.js").write_text("changed by its author")
    files = read_tree(copy)
    (problem,) = diagnose(cli)
    assert (problem["code"], problem["plugin"]) == ("linked-folder", name)
    assert problem["path"].endswith(f".plugport/plugins/{name}")
    assert str(copy) in problem["detail"]
    assert problem["repaired"] is False
    (problem,) = diagnose(cli, "--repair", code=0)
    assert problem["repaired"] is True
    assert read_tree(copy) == files
    assert not cli.folder_of(name).is_symlink()
    assert list_status(cli) == {name: "ok"}
    assert cli.json("list", "--installed")["plugins"][0]["version"] == "1.0.0"
    assert diagnose(cli, code=0) == []


@pytest.mark.parametrize("damage", ["missing", "file"])
def test_doctor_repairs_a_missing_or_replaced_folder(cli: Cli, damage: str) -> None:
    cli.publish(name := build_name())
    cli.ok("install", name)
    shutil.rmtree(cli.folder_of(name))
    if damage == "file":
        cli.folder_of(name).write_text("in the way")
        assert cli.error(4, "install", name)["code"] == "unsafe-folder"
    (problem,) = diagnose(cli)
    assert problem["code"] == ("missing-folder" if damage == "missing" else "not-a-folder")
    repaired = diagnose(cli, "--repair", code=0 if damage == "missing" else 3)
    # A file may be the only copy of something: the user deletes it.
    assert [problem["repaired"] for problem in repaired] == [damage == "missing"]
    assert cli.folder_of(name).is_file() == (damage == "file")


def test_doctor_does_not_discard_changes(cli: Cli) -> None:
    cli.publish(name := build_name())
    cli.ok("install", name)
    (cli.folder_of(name) / "index.js").write_text("changed")
    (problem,) = diagnose(cli, "--repair")
    assert (problem["code"], problem["repaired"]) == ("changed-files", False)
    assert f"plugport install {name}@1.0.0" in problem["hint"]
    assert (cli.folder_of(name) / "index.js").read_text() == "changed"


def test_doctor_leaves_a_link_that_it_cannot_replace(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "local-one")
    cli.ok("install", str(source))
    copy = link_folder(cli, "local-one")
    (problem,) = diagnose(cli, "--repair")
    assert (problem["code"], problem["repaired"]) == ("linked-folder", False)
    assert f"plugport install {source}" in problem["hint"]
    assert cli.folder_of("local-one").readlink() == copy


def test_doctor_does_not_install_another_package_under_the_same_version(cli: Cli) -> None:
    cli.publish(name := build_name())
    cli.ok("install", name)
    copy = link_folder(cli, name)
    record = cli.project / ".plugport" / "installed.json"
    document = json.loads(record.read_text())
    integrity = document["plugins"][name]["integrity"]
    document["plugins"][name]["integrity"] = integrity[:8] + "A" * 80 + integrity[88:]
    record.write_text(json.dumps(document))
    (problem,) = diagnose(cli, "--repair")
    assert problem["repaired"] is False
    assert "integrity" in problem["failure"]
    assert cli.folder_of(name).readlink() == copy


def break_change(cli: Cli, name: str, content: str) -> Path:
    """What a killed run leaves behind, damaged."""
    work = cli.project / ".plugport" / "work" / name.replace("/", "+")
    (work / "old").mkdir(parents=True)
    shutil.move(cli.folder_of(name), work / "old")
    (work / "old" / name.rpartition("/")[2]).rename(work / "moved")
    (work / "old").rmdir()
    (work / "moved").rename(work / "old")
    (work / "pending.json").write_text(content)
    return work


@pytest.mark.parametrize(
    "content", ["{}", "[]", '{"name": "../x", "record": null}', '{"name": "a", "record": {}}', "x"]
)
def test_an_unreadable_change_blocks_only_its_own_plugin(cli: Cli, content: str) -> None:
    name, other = build_name(), build_name("other")
    cli.publish(name)
    cli.publish(other)
    cli.ok("install", name)
    work = break_change(cli, name, content)
    result = cli.ok("list", "--installed")
    assert "warning: " in result.stderr
    assert name in result.stderr
    assert "plugport doctor --repair" in result.stderr
    cli.ok("install", other)
    cli.ok("remove", other)
    for command in ("install", "remove"):
        error = cli.error(3, command, name)
        assert error["code"] == "broken-install-record"
        assert "pending.json" in error["detail"]
    problems = diagnose(cli)
    assert [problem["code"] for problem in problems] == ["unfinished-change", "missing-folder"]
    problems = diagnose(cli, "--repair", code=0)
    assert [problem["repaired"] for problem in problems] == [True]
    assert list_status(cli) == {name: "ok"}
    assert not work.exists()
    cli.ok("install", name)


def test_a_linked_scope_blocks_only_its_own_plugins(cli: Cli) -> None:
    other = build_name("other")
    cli.publish(other)
    scope = cli.project / ".plugport" / "plugins" / "@evil"
    scope.parent.mkdir(parents=True)
    outside = cli.project / "outside"
    write_plugin(outside / "tool", "@evil/tool")
    scope.symlink_to(outside)
    work = cli.project / ".plugport" / "work" / "@evil+tool"
    work.mkdir(parents=True)
    (work / "pending.json").write_text('{"name": "@evil/tool", "record": null}')
    cli.ok("install", other)
    (problem,) = diagnose(cli, "--repair")
    assert (problem["code"], problem["repaired"]) == ("unfinished-change", False)
    assert "@evil` is a symbolic link" in problem["detail"]
    assert sorted(path.name for path in outside.iterdir()) == ["tool"]
    scope.unlink()
    assert diagnose(cli, code=0) == []
    assert not work.exists()


@pytest.mark.parametrize("folder", [".plugport", ".plugport/work", ".plugport/plugins"])
def test_doctor_names_a_linked_folder_of_the_installation(cli: Cli, folder: str) -> None:
    path, outside = cli.project / folder, cli.project / "outside"
    path.parent.mkdir(exist_ok=True)
    outside.mkdir()
    path.symlink_to(outside)
    (problem,) = diagnose(cli, "--repair")
    assert (problem["code"], problem["repaired"]) == ("unsafe-folder", False)
    assert problem["path"].endswith(folder)
    assert path.readlink() == outside


def test_doctor_names_an_invalid_record(cli: Cli) -> None:
    (cli.project / ".plugport").mkdir()
    (cli.project / ".plugport" / "installed.json").write_text("[]")
    (problem,) = diagnose(cli, "--repair")
    assert (problem["code"], problem["repaired"]) == ("broken-install-record", False)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_record_that_is_no_file_is_never_waited_for(
    cli: Cli, make: Callable[[Path], None]
) -> None:
    """Opening a pipe would wait for a writer, and a folder could not be repaired."""
    name, other = build_name(), build_name("other")
    cli.publish(name)
    cli.publish(other)
    cli.ok("install", name)
    work = break_change(cli, name, "")
    (work / "pending.json").unlink()
    make(work / "pending.json")
    cli.ok("install", other)
    assert cli.error(3, "remove", name)["code"] == "broken-install-record"
    assert diagnose(cli, "--repair", code=0)[0]["repaired"] is True
    assert list_status(cli) == {name: "ok", other: "ok"}
    record = cli.project / ".plugport" / "installed.json"
    record.unlink()
    make(record)
    (problem,) = diagnose(cli, "--repair")
    assert (problem["code"], problem["repaired"]) == ("broken-install-record", False)
    assert "it is not a regular file" in problem["detail"]
    assert cli.error(3, "install", name)["code"] == "broken-install-record"


def test_doctor_checks_a_target(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "local-one")
    cli.ok("install", str(source), "--target", "host")
    shutil.rmtree(cli.project / "host" / "local-one")
    (problem,) = diagnose(cli, "--target", "host")
    assert problem["code"] == "missing-folder"


def test_a_refused_installation_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "local-one")
    write_plugin(cli.folder_of("local-one"), "local-one")
    before = read_tree(cli.project)
    assert cli.error(6, "install", str(source))["code"] == "folder-in-the-way"
    assert read_tree(cli.project) == before


def test_doctor_installs_nothing_that_needs_consent(cli: Cli) -> None:
    """`installed.json` may come with a cloned project: it is not the consent of this user."""
    cli.publish(name := build_name())
    cli.ok("install", name)
    shutil.rmtree(cli.folder_of(name))
    for trust, word in (("experimental", "Review the plugin"), ("untrusted", "untrusted")):
        Release.objects.filter(plugin__name=name).update(trust=trust)
        (problem,) = diagnose(cli, "--repair")
        assert (problem["code"], problem["repaired"]) == ("missing-folder", False)
        assert word in problem["failure"]
        assert not cli.folder_of(name).exists()


def test_a_repair_does_not_change_the_record(cli: Cli) -> None:
    cli.publish(base := build_name("base"))
    cli.publish(name := build_name(), manifest=f"dependencies:\n  plugins:\n    {base}: '*'\n")
    cli.ok("install", name)
    record = (cli.project / ".plugport" / "installed.json").read_bytes()
    link_folder(cli, base)
    shutil.rmtree(cli.folder_of(name))
    assert [each["repaired"] for each in diagnose(cli, "--repair", code=0)] == [True, True]
    assert (cli.project / ".plugport" / "installed.json").read_bytes() == record
