"""Installing a plugin with the plugins that it needs, and removing both."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.registry import LocalRegistry
from tests.client.support import Cli, write_plugin


def need(**ranges: str) -> str:
    """The part of a manifest that needs other plugins."""
    lines = "".join(f"    dep-{name}: '{text}'\n" for name, text in ranges.items())
    return f"dependencies:\n  plugins:\n{lines}"


@pytest.fixture(scope="module", autouse=True)
def _published(publish: Callable[..., Any]) -> None:
    """Two versions of `dep-base`, plugins that need them, a cycle, a conflict and a gap."""
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        publish("dep-base", version)
    publish("dep-middle", manifest=need(base="^1.0.0"))
    publish("dep-top", manifest=need(middle="^1.0.0", base=">=1"))
    publish("dep-new", manifest=need(base="^2.0.0"))
    publish("dep-odd", manifest=need(middle="*", new="*"))
    publish("dep-gap", manifest=need(nowhere="^1.0.0"))
    publish("dep-far", manifest=need(base="^9.0.0"))
    publish("dep-left", manifest=need(right="*"))
    publish("dep-right", manifest=need(left="*", base="1.0.0"))


@pytest.fixture
def other(cli: Cli) -> Path:
    """A plugin in a folder that needs `dep-middle`, and packages of its host."""
    manifest = (
        f"{need(middle='^1.0.0')}  packages:\n    left-pad: ^1.3.0\n  peer:\n    host: '>=2'\n"
    )
    return write_plugin(cli.project / "other", "dep-other", manifest=manifest)


def load_record(cli: Cli) -> dict[str, dict[str, Any]]:
    path = cli.project / ".plugport" / "installed.json"
    if not path.exists():
        return {}
    plugins: dict[str, dict[str, Any]] = json.loads(path.read_text())["plugins"]
    return plugins


def list_versions(cli: Cli) -> dict[str, Any]:
    return {name: row["version"] for name, row in load_record(cli).items()}


def test_installs_the_newest_versions_that_fit(cli: Cli) -> None:
    result = cli.ok("install", "dep-top", "--yes")
    assert list_versions(cli) == {"dep-top": "1.0.0", "dep-middle": "1.0.0", "dep-base": "1.1.0"}
    for name in ("dep-top", "dep-middle", "dep-base"):
        assert (cli.folder_of(name) / "index.js").is_file()
    lines = result.stdout.splitlines()
    assert [line.split(" in ")[0].split(" (")[0] for line in lines] == [
        "installed dep-base@1.1.0",
        "installed dep-middle@1.0.0",
        "installed dep-top@1.0.0",
    ]
    assert lines[0].endswith(", needed by dep-middle@1.0.0, dep-top@1.0.0")


def test_json_has_all_that_was_installed(cli: Cli) -> None:
    cli.ok("install", "dep-base@1.0.0", "--yes")
    document = cli.json("install", "dep-top", "--yes")
    assert document["installed"]["name"] == "dep-top"
    assert [
        (row["installed"]["name"], row["previousVersion"], row["neededBy"])
        for row in document["dependencies"]
    ] == [("dep-middle", None, ["dep-top@1.0.0"])]
    assert document["keptDependencies"] == [{"name": "dep-base", "version": "1.0.0"}]
    assert load_record(cli)["dep-middle"]["requested"] is False
    assert "requested" not in load_record(cli)["dep-base"]


def test_a_version_that_does_not_fit_is_replaced(cli: Cli) -> None:
    cli.ok("install", "dep-base", "--yes")
    assert list_versions(cli) == {"dep-base": "2.0.0"}
    result = cli.ok("install", "dep-middle", "--yes")
    assert "installed dep-base@1.1.0, replacing 2.0.0" in result.stdout
    assert list_versions(cli) == {"dep-base": "1.1.0", "dep-middle": "1.0.0"}
    # The user asked for it once, so it stays when the other plugin is removed.
    cli.ok("remove", "dep-middle")
    assert list_versions(cli) == {"dep-base": "1.1.0"}


def test_a_cycle_is_installed_and_removed(cli: Cli) -> None:
    cli.ok("install", "dep-left", "--yes")
    installed = {"dep-left": "1.0.0", "dep-right": "1.0.0", "dep-base": "1.0.0"}
    assert list_versions(cli) == installed
    document = cli.json("remove", "dep-left")
    assert document["removed"]["name"] == "dep-left"
    assert [row["name"] for row in document["dependencies"]] == ["dep-base", "dep-right"]
    assert list_versions(cli) == {}


@pytest.mark.parametrize(
    ("name", "code", "error_code", "words"),
    [
        (
            "dep-odd",
            6,
            "dependency-conflict",
            [
                "`dep-middle@1.0.0` needs `dep-base ^1.0.0`",
                "`dep-new@1.0.0` needs `dep-base ^2.0.0`",
            ],
        ),
        (
            "dep-gap",
            5,
            "dependency-not-found",
            ["`dep-gap@1.0.0` needs `dep-nowhere ^1.0.0`", "no installable release"],
        ),
        ("dep-far", 5, "dependency-not-found", ["`dep-far@1.0.0` needs `dep-base ^9.0.0`"]),
    ],
)
def test_what_cannot_be_installed_is_refused_by_name(
    cli: Cli, name: str, code: int, error_code: str, words: list[str]
) -> None:
    error = cli.error(code, "install", name, "--yes")
    assert error["code"] == error_code
    assert all(word in error["detail"] for word in words)
    assert not cli.folder_of(name).exists()
    assert load_record(cli) == {}


def test_installed_plugins_are_not_broken(cli: Cli) -> None:
    """The new plugin needs a version that the installed one does not accept."""
    cli.ok("install", "dep-middle", "--yes")
    before = list_versions(cli)
    error = cli.error(6, "install", "dep-new", "--yes")
    assert error["code"] == "dependency-conflict"
    assert "installed `dep-middle@1.0.0` needs `dep-base ^1.0.0`" in error["detail"]
    assert list_versions(cli) == before


def test_yanked_and_deprecated_releases_are_not_chosen(
    cli: Cli, publish: Callable[..., Any]
) -> None:
    for version in ("3.0.0", "3.1.0"):
        publish("dep-base", version)
    cli.ok("yank", "dep-base@3.1.0", "--reason", "broken")
    cli.ok("deprecate", "dep-base@3.0.0", "--message", "Use version 1.")
    publish("dep-any", manifest=need(base="*"))
    cli.ok("install", "dep-any", "--yes")
    assert list_versions(cli)["dep-base"] == "2.0.0"


def test_installing_again_adds_what_is_missing(cli: Cli) -> None:
    cli.ok("install", "dep-middle", "--yes")
    cli.ok("remove", "dep-base", "--force")
    (row,) = cli.json("list", "--installed")["plugins"]
    assert row["unmetDependencies"] == {"dep-base": "^1.0.0"}
    listed = cli.ok("list", "--installed")
    assert "`dep-middle@1.0.0` needs `dep-base ^1.0.0`, which is not installed" in listed.stderr
    document = cli.json("install", "dep-middle", "--yes")
    assert document["changed"] is False
    assert [each["installed"]["name"] for each in document["dependencies"]] == ["dep-base"]


def test_remove_keeps_what_others_need(cli: Cli) -> None:
    cli.ok("install", "dep-top", "--yes")
    cli.ok("install", "dep-left@1.0.0", "--yes")
    assert list_versions(cli)["dep-base"] == "1.0.0"
    cli.error(6, "remove", "dep-middle")
    result = cli.ok("remove", "dep-top")
    assert result.stdout.splitlines() == [
        "removed dep-top@1.0.0",
        "removed dep-middle@1.0.0, which no plugin needs now",
    ]
    assert set(list_versions(cli)) == {"dep-left", "dep-right", "dep-base"}


def test_a_dependency_that_is_requested_later_stays(cli: Cli) -> None:
    cli.ok("install", "dep-middle", "--yes")
    assert cli.json("install", "dep-base@1.1.0", "--yes")["changed"] is False
    cli.ok("remove", "dep-middle")
    assert list_versions(cli) == {"dep-base": "1.1.0"}


def test_list_shows_what_needs_a_plugin(cli: Cli) -> None:
    cli.ok("install", "dep-middle", "--yes")
    rows = cli.json("list", "--installed")["plugins"]
    assert [(row["name"], row["requested"], row["neededBy"]) for row in rows] == [
        ("dep-base", False, ["dep-middle"]),
        ("dep-middle", True, []),
    ]
    lines = cli.ok("list", "--installed").stdout.splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["dep-middle", "-"]
    cli.ok("install", "dep-base@1.1.0", "--yes")
    assert "NEEDED BY" not in cli.ok("list", "--installed").stdout


def test_a_plugin_from_a_path_brings_its_dependencies(cli: Cli, other: Path) -> None:
    result = cli.ok("install", f"./{other.name}", "--yes")
    assert set(list_versions(cli)) == {"dep-other", "dep-middle", "dep-base"}
    notes = [line for line in result.stderr.splitlines() if "also needs" in line]
    assert notes == [
        "note: `dep-other` also needs packages that Plugport does not install: `left-pad ^1.3.0`",
        "note: `dep-other` also needs packages of its host that Plugport does not install: `host >=2`",
    ]


def test_a_plugin_from_a_path_needs_no_registry_for_what_is_installed(
    cli: Cli, other: Path, registry: LocalRegistry
) -> None:
    cli.ok("install", "dep-middle", "--yes")
    registry.requests.clear()
    document = cli.json("install", f"./{other.name}", "--yes")
    assert registry.requests == []
    assert document["packages"] == {"left-pad": "^1.3.0"}
    assert document["peer"] == {"host": ">=2"}


def test_a_plugin_from_a_url_brings_its_dependencies(cli: Cli, registry: LocalRegistry) -> None:
    url = f"{registry.url}/api/v1/plugins/dep-middle/1.0.0/download"
    cli.ok("install", url, "--yes")
    assert list_versions(cli) == {"dep-middle": "1.0.0", "dep-base": "1.1.0"}


def test_dependencies_need_the_same_consent(cli: Cli, other: Path, registry: LocalRegistry) -> None:
    """A local plugin is installed without a prompt, but not what it brings from the registry."""
    registry.faults.release_members = {"installPolicy": "ask"}
    error = cli.error(4, "install", f"./{other.name}")
    assert error["code"] == "consent-needed"
    assert "`dep-base@1.1.0`" in error["detail"]
    assert "needed by dep-middle@1.0.0" in error["detail"]
    assert load_record(cli) == {}
    registry.faults.release_members = {"installPolicy": "block"}
    assert cli.error(4, "install", f"./{other.name}", "--yes")["code"] == "install-blocked"


def test_nothing_is_changed_before_all_packages_are_verified(
    cli: Cli, other: Path, registry: LocalRegistry
) -> None:
    registry.faults.download_body = b"not the package"
    assert cli.error(9, "install", f"./{other.name}", "--yes")["code"] == "integrity-mismatch"
    assert load_record(cli) == {}
    assert not cli.folder_of("dep-base").exists()


def test_a_registry_cannot_hide_dependencies(cli: Cli, registry: LocalRegistry) -> None:
    """Versions were chosen by the registry's list, so the package must have the same one."""
    registry.faults.release_members = {"dependencies": {"plugins": {}, "packages": {}, "peer": {}}}
    error = cli.error(9, "install", "dep-middle", "--yes")
    assert error["code"] == "package-mismatch"
    assert "`dep-base ^1.0.0`" in error["detail"]
    assert load_record(cli) == {}


def test_hostile_ranges_stay_on_their_line(cli: Cli, registry: LocalRegistry) -> None:
    """A registry can send any text as a range."""
    hostile = {"dep-base": "^1\x1b[2J\nerror: all is well"}
    registry.faults.release_members = {
        "dependencies": {"plugins": hostile, "packages": {}, "peer": {}}
    }
    result = cli.run("install", "dep-middle", "--yes")
    assert result.exit_code == 5
    assert "\x1b" not in result.stderr
    assert "\nerror: all" not in result.stderr


def test_a_plugin_that_others_cannot_use_can_be_repaired(cli: Cli) -> None:
    """Installing the same version again breaks nothing that is not broken already."""
    cli.ok("install", "dep-middle", "--yes")
    record = cli.project / ".plugport/installed.json"
    record.write_text(record.read_text().replace('"^1.0.0"', '"^2.0.0"'))
    (cli.folder_of("dep-base") / "index.js").write_text("changed")
    assert cli.json("install", "dep-base@1.1.0", "--yes")["changed"] is True


def test_repairing_a_dependency_does_not_request_it(cli: Cli) -> None:
    cli.ok("install", "dep-middle", "--yes")
    folder = cli.folder_of("dep-base")
    folder.rename(folder.with_name("moved"))
    cli.ok("doctor", "--repair")
    assert load_record(cli)["dep-base"]["requested"] is False
    cli.ok("remove", "dep-middle")
    assert list_versions(cli) == {}
