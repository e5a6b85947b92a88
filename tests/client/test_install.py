"""install and remove, against any registry: what goes where, and what is recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.client.support import Cli, make_name, write_plugin


def read_record(cli: Cli) -> dict[str, dict[str, object]]:
    plugins: dict[str, dict[str, object]] = json.loads(
        (cli.project / ".plugport" / "installed.json").read_text()
    )["plugins"]
    return plugins


def list_tree(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_installs_into_the_project(cli: Cli) -> None:
    name = make_name()
    cli.publish(name, files={"lib/deep/file.txt": "x"})
    result = cli.ok("install", name, "--yes")
    assert f"installed {name}@1.0.0" in result.stdout
    assert list_tree(cli.folder_of(name)) == [
        "CHANGELOG.md",
        "README.md",
        "index.js",
        "lib/deep/file.txt",
        "plugport.yaml",
    ]
    record = read_record(cli)[name]
    assert record["version"] == "1.0.0"
    assert record["registry"] == cli.registry.url
    assert str(record["integrity"]).startswith("sha512-")
    assert str(record["filesDigest"]).startswith("sha256-")


def test_installing_twice_changes_nothing(cli: Cli) -> None:
    name = make_name()
    cli.publish(name)
    cli.ok("install", name, "--yes")
    before = (cli.project / ".plugport" / "installed.json").read_bytes()
    again = cli.json("install", name, "--yes")
    assert again["changed"] is False
    assert (cli.project / ".plugport" / "installed.json").read_bytes() == before


def test_the_record_does_not_depend_on_order_or_time(cli: Cli, tmp_path: Path) -> None:
    names = [make_name(), make_name()]
    for name in names:
        cli.publish(name)
        cli.ok("install", name, "--yes", "--target", str(tmp_path / "one"))
    for name in reversed(names):
        cli.ok("install", name, "--yes", "--target", str(tmp_path / "two"))
    records = [tmp_path / site / ".plugport" / "installed.json" for site in ("one", "two")]
    assert records[0].read_bytes() == records[1].read_bytes()


def test_heals_an_installation_that_was_damaged(cli: Cli) -> None:
    name = make_name()
    cli.publish(name)
    cli.ok("install", name, "--yes")
    (cli.folder_of(name) / "index.js").write_text("tampered")
    assert cli.json("list", "--installed")["plugins"][0]["status"] == "changed"
    assert cli.json("install", name, "--yes")["changed"] is True
    assert cli.json("list", "--installed")["plugins"][0]["status"] == "ok"


def test_chooses_by_version_range_and_tag(cli: Cli) -> None:
    name = make_name()
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        cli.publish(name, version)
    beta = write_plugin(cli.project.parent / "beta", name, "3.0.0-beta.1")
    cli.ok("publish", str(beta), "--tag", "beta")

    def install(wanted: str) -> object:
        return cli.json("install", f"{name}{wanted}", "--yes")["installed"]["version"]

    assert install("") == "2.0.0"
    assert install("@1.0.0") == "1.0.0"
    assert install("@^1.0.0") == "1.1.0"
    assert install("@<2") == "1.1.0"
    assert install("@beta") == "3.0.0-beta.1"
    assert install("@latest") == "2.0.0"


def test_replaces_a_version_and_leaves_no_file_of_it(cli: Cli) -> None:
    name = make_name()
    cli.publish(name, "1.0.0", files={"only-in-1.txt": "1"})
    cli.publish(name, "2.0.0", files={"only-in-2.txt": "2"})
    cli.ok("install", f"{name}@1.0.0", "--yes")
    replaced = cli.json("install", f"{name}@2.0.0", "--yes")
    assert replaced["previousVersion"] == "1.0.0"
    files = list_tree(cli.folder_of(name))
    assert "only-in-2.txt" in files
    assert "only-in-1.txt" not in files


def test_yanked_releases_are_passed_over_unless_named(cli: Cli) -> None:
    name = make_name()
    for version in ("1.0.0", "1.1.0"):
        cli.publish(name, version)
    cli.ok("yank", f"{name}@1.1.0", "--reason", "broken")
    for wanted in (name, f"{name}@^1.0.0"):
        assert cli.json("install", wanted, "--yes")["installed"]["version"] == "1.0.0"
    exact = cli.ok("install", f"{name}@1.1.0", "--yes")
    assert "is yanked" in exact.stderr
    cli.ok("yank", f"{name}@1.1.0", "--undo")
    assert cli.json("install", f"{name}@^1.0.0", "--yes")["installed"]["version"] == "1.1.0"


def test_deprecated_releases_install_with_their_message(cli: Cli) -> None:
    name = make_name()
    for version in ("1.0.0", "1.1.0"):
        cli.publish(name, version)
    cli.ok("deprecate", f"{name}@1.1.0", "--message", "go back to 1.0")
    assert cli.json("install", f"{name}@^1.0.0", "--yes")["installed"]["version"] == "1.0.0"
    exact = cli.ok("install", f"{name}@1.1.0", "--yes")
    assert "is deprecated. go back to 1.0" in exact.stderr
    cli.ok("deprecate", f"{name}@1.0.0", "--message", "all of it is")
    only = cli.ok("install", f"{name}@^1.0.0", "--yes")
    assert "1.1.0" in only.stdout, "where all are deprecated the newest is taken"


def test_a_scoped_plugin_has_its_scope_as_a_folder(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "@some-scope/tool")
    cli.ok("install", str(source))
    folder = cli.project / ".plugport" / "plugins" / "@some-scope" / "tool"
    assert (folder / "index.js").is_file()
    cli.ok("remove", "some-scope/tool")
    assert not folder.parent.exists()


def test_installs_a_folder_and_its_package_alike(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "local-one", files={".gitignore": "*.log\n"})
    (source / "noise.log").write_text("not packed")
    folder = cli.json("install", str(source))["installed"]
    cli.ok("pack", str(source), "--output", "local.tgz")
    package = cli.json("install", "./local.tgz")["installed"]
    assert folder["integrity"] == package["integrity"]
    assert folder["filesDigest"] == package["filesDigest"]
    assert not (cli.folder_of("local-one") / "noise.log").exists()
    assert "registry" not in package


def test_installs_into_another_folder(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "local-one")
    target = tmp_path / "host" / "plugins"
    cli.ok("install", str(source), "--target", str(target))
    assert (target / "local-one" / "index.js").is_file()
    assert not (cli.project / ".plugport").exists()
    listed = cli.json("list", "--installed", "--target", str(target))["plugins"]
    assert [plugin["name"] for plugin in listed] == ["local-one"]
    cli.ok("remove", "local-one", "--target", str(target))
    assert not (target / "local-one").exists()


def test_never_replaces_a_folder_it_did_not_make(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "local-one")
    target = tmp_path / "host"
    (target / "local-one").mkdir(parents=True)
    (target / "local-one" / "precious.txt").write_text("mine")
    error = cli.error(6, "install", str(source), "--target", str(target))
    assert error["code"] == "folder-in-the-way"
    assert (target / "local-one" / "precious.txt").read_text() == "mine"


def test_installs_from_a_url_only_with_consent(cli: Cli) -> None:
    name = make_name()
    cli.publish(name)
    url = cli.json("info", name)["release"]["packageUrl"]
    integrity = cli.json("info", name)["release"]["integrity"]
    assert cli.error(4, "install", url)["code"] == "consent-needed"
    assert cli.json("install", url, "--yes")["installed"]["name"] == name
    assert cli.json("install", url, "--integrity", integrity)["installed"]["resolved"] == url


def test_a_url_must_keep_the_integrity_that_was_given(cli: Cli) -> None:
    name = make_name()
    cli.publish(name)
    url = cli.json("info", name)["release"]["packageUrl"]
    wrong = "sha512-" + "A" * 86 + "=="
    assert cli.error(9, "install", url, "--integrity", wrong)["code"] == "integrity-mismatch"
    assert not cli.folder_of(name).exists()


@pytest.mark.parametrize(
    "source", ["github:org/repo", "Bad_Name", "git+ssh://example.org/x", "a@", "@/x", "a@1.0.0@2"]
)
def test_says_which_forms_are_allowed(cli: Cli, source: str) -> None:
    result = cli.run("install", source)
    assert result.exit_code in {3, 5}
    if result.exit_code == 3:
        assert "Allowed are NAME" in result.stderr


@pytest.mark.parametrize("source", ["./nothing", "nothing.tgz", "~/no-such-plugin-folder"])
def test_a_path_that_is_not_there_is_missing(cli: Cli, source: str) -> None:
    assert cli.error(5, "install", source)["code"] == "no-such-source"


def test_a_package_that_is_none_is_invalid(cli: Cli) -> None:
    (cli.project / "junk.tgz").write_bytes(b"this is no archive")
    error = cli.error(3, "install", "./junk.tgz")
    assert error["code"].startswith("archive-")
    assert cli.json("list", "--installed")["plugins"] == []


def test_removes_a_plugin_and_its_record(cli: Cli, tmp_path: Path) -> None:
    for name in ("one", "two"):
        cli.ok("install", str(write_plugin(tmp_path / name, f"local-{name}")))
    assert cli.ok("uninstall", "local-one").stdout == "removed local-one@1.0.0\n"
    assert not cli.folder_of("local-one").exists()
    assert list(read_record(cli)) == ["local-two"]
    assert cli.error(5, "remove", "local-one")["code"] == "not-installed"


def test_refuses_to_remove_what_others_need(cli: Cli, tmp_path: Path) -> None:
    needing = "dependencies:\n  plugins:\n    local-base: ^1.0.0\n"
    cli.ok("install", str(write_plugin(tmp_path / "base", "local-base")))
    cli.ok("install", str(write_plugin(tmp_path / "top", "local-top", manifest=needing)))
    error = cli.error(6, "remove", "local-base")
    assert error["code"] == "needed-by-others"
    assert error["context"]["dependents"] == ["local-top"]
    assert cli.folder_of("local-base").exists()
    cli.ok("remove", "local-base", "--force")
    assert not cli.folder_of("local-base").exists()


def test_removing_what_was_never_installed_makes_no_folder(cli: Cli) -> None:
    assert cli.error(5, "remove", "nothing-here")["code"] == "not-installed"
    assert list(cli.project.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format": 2, "plugins": {}}', '{"format": 1, "plugins": {"..": {}}}', "\0"],
)
def test_a_broken_record_is_a_clear_error(cli: Cli, content: str) -> None:
    state = cli.project / ".plugport"
    state.mkdir()
    (state / "installed.json").write_text(content)
    error = cli.error(3, "list", "--installed")
    assert error["code"] == "broken-install-record"
    assert "installed.json" in error["detail"]


def test_refuses_folders_that_a_cloned_project_points_elsewhere(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "local-one")
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "new").mkdir(parents=True)
    (elsewhere / "new" / "precious.txt").write_text("mine")
    (cli.project / ".plugport").mkdir()
    (cli.project / ".plugport" / "work").symlink_to(elsewhere)
    assert cli.error(4, "install", str(source))["code"] == "unsafe-folder"
    assert (elsewhere / "new" / "precious.txt").read_text() == "mine"


def test_two_installations_at_once_both_succeed(cli: Cli, tmp_path: Path) -> None:
    sources = [write_plugin(tmp_path / f"s{n}", f"local-{n}") for n in range(4)]
    running = [cli.start("install", str(source)) for source in sources]
    for process in running:
        with process:
            _, stderr = process.communicate(timeout=60)
            assert process.returncode == 0, stderr
    assert sorted(read_record(cli)) == [f"local-{n}" for n in range(4)]
    assert all(plugin["status"] == "ok" for plugin in cli.json("list", "--installed")["plugins"])
