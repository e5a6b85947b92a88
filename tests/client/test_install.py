"""install and remove: which files go where, and what is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.registry import LocalRegistry
from tests.client.support import Cli, write_plugin

NAME = "tide-bridge"
OTHER = "tide-other"


@pytest.fixture(scope="module", autouse=True)
def _published(publish: Callable[..., object]) -> None:
    """Three stable versions of a plugin and a tagged prerelease, and one release of another."""
    publish(NAME, "1.0.0", files={"only-in-1.txt": "1", "lib/deep/file.txt": "x"})
    publish(NAME, "1.1.0")
    publish(NAME, "2.0.0", files={"only-in-2.txt": "2"})
    publish(NAME, "3.0.0-beta.1", tag="beta")
    publish(OTHER)
    publish(OTHER, "4.0.0+build.5")


def load_record(cli: Cli) -> dict[str, dict[str, object]]:
    plugins: dict[str, dict[str, object]] = json.loads(
        (cli.project / ".plugport" / "installed.json").read_text()
    )["plugins"]
    return plugins


def list_tree(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_installs_into_the_project(cli: Cli) -> None:
    result = cli.ok("install", f"{NAME}@1.0.0", "--yes")
    assert f"installed {NAME}@1.0.0" in result.stdout
    assert list_tree(cli.folder_of(NAME)) == [
        "CHANGELOG.md",
        "README.md",
        "index.js",
        "lib/deep/file.txt",
        "only-in-1.txt",
        "plugport.yaml",
    ]
    record = load_record(cli)[NAME]
    assert record["version"] == "1.0.0"
    assert record["registry"] == cli.registry.url
    assert str(record["integrity"]).startswith("sha512-")
    assert str(record["filesDigest"]).startswith("sha256-")


def test_requests_the_latest_release_and_its_package_alone(
    cli: Cli, registry: LocalRegistry
) -> None:
    cli.ok("install", NAME)
    paths = [request.path for request in registry.requests]
    assert paths == [
        f"/api/v1/plugins/{NAME}/latest",
        f"/api/v1/plugins/{NAME}/2.0.0/download",
    ]


def test_installing_twice_changes_nothing(cli: Cli) -> None:
    cli.ok("install", NAME, "--yes")
    before = (cli.project / ".plugport" / "installed.json").read_bytes()
    again = cli.json("install", NAME, "--yes")
    assert again["changed"] is False
    assert (cli.project / ".plugport" / "installed.json").read_bytes() == before


def test_the_record_does_not_depend_on_order_or_time(cli: Cli, tmp_path: Path) -> None:
    names = [NAME, OTHER]
    for name in names:
        cli.ok("install", name, "--yes", "--target", str(tmp_path / "one"))
    for name in reversed(names):
        cli.ok("install", name, "--yes", "--target", str(tmp_path / "two"))
    records = [tmp_path / layout / ".plugport" / "installed.json" for layout in ("one", "two")]
    assert records[0].read_bytes() == records[1].read_bytes()


def test_repairs_changed_files(cli: Cli) -> None:
    cli.ok("install", NAME, "--yes")
    (cli.folder_of(NAME) / "index.js").write_text("tampered")
    assert cli.json("list", "--installed")["plugins"][0]["status"] == "changed"
    assert cli.json("install", NAME, "--yes")["changed"] is True
    assert cli.json("list", "--installed")["plugins"][0]["status"] == "ok"


def test_resolves_version_range_and_tag(cli: Cli) -> None:
    def install(requested: str) -> object:
        return cli.json("install", f"{NAME}{requested}", "--yes")["installed"]["version"]

    assert install("") == "2.0.0"
    assert install("@1.0.0") == "1.0.0"
    assert install("@^1.0.0") == "1.1.0"
    assert install("@<2") == "1.1.0"
    assert install("@beta") == "3.0.0-beta.1"
    assert install("@latest") == "2.0.0"


def test_replaces_all_files_of_a_version(cli: Cli) -> None:
    cli.ok("install", f"{NAME}@1.0.0", "--yes")
    replaced = cli.json("install", f"{NAME}@2.0.0", "--yes")
    assert replaced["previousVersion"] == "1.0.0"
    files = list_tree(cli.folder_of(NAME))
    assert "only-in-2.txt" in files
    assert "only-in-1.txt" not in files


def test_skips_yanked_releases_unless_named(cli: Cli) -> None:
    cli.ok("yank", f"{NAME}@2.0.0", "--reason", "broken")
    cli.ok("yank", f"{NAME}@1.1.0", "--reason", "broken")
    for requested in (NAME, f"{NAME}@^1.0.0", f"{NAME}@<3"):
        assert cli.json("install", requested, "--yes")["installed"]["version"] == "1.0.0"
    exact = cli.ok("install", f"{NAME}@1.1.0", "--yes")
    assert "is yanked" in exact.stderr
    assert "Reason: broken" in exact.stderr
    cli.ok("yank", f"{NAME}@1.1.0", "--undo")
    assert cli.json("install", f"{NAME}@^1.0.0", "--yes")["installed"]["version"] == "1.1.0"


@pytest.mark.parametrize(
    "requested",
    [
        "1.1.0",
        "=1.1.0",
        "v1.1.0",
        "1.1.0 - 1.1.0",
        ">=1.1.0 <=1.1.0",
        "=1.1.0 || v1.1.0",
        "1.1.0+x",
    ],
)
def test_every_form_of_one_version_names_it(cli: Cli, requested: str) -> None:
    """Also if it is yanked, as the user asked for this version."""
    cli.ok("yank", f"{NAME}@=1.1.0", "--reason", "broken")
    result = cli.ok("install", f"{NAME}@{requested}", "--yes")
    assert f"`{NAME}@1.1.0` is yanked" in result.stderr
    assert load_record(cli)[NAME]["version"] == "1.1.0"
    assert cli.json("info", f"{NAME}@{requested}")["release"]["version"] == "1.1.0"
    cli.ok("yank", f"{NAME}@v1.1.0", "--undo")


def test_build_metadata_need_not_be_named(cli: Cli) -> None:
    for requested in ("4.0.0", "=4.0.0", "v4.0.0", "4.0.0+build.5", "4.0.0+another"):
        document = cli.json("install", f"{OTHER}@{requested}", "--yes")
        assert document["installed"]["version"] == "4.0.0+build.5", requested
    assert cli.error(5, "install", f"{OTHER}@4.0.1", "--yes")["code"] == "unknown-release"


def test_installs_deprecated_releases_with_their_message(cli: Cli) -> None:
    cli.ok("deprecate", f"{NAME}@1.1.0", "--message", "go back to 1.0")
    assert cli.json("install", f"{NAME}@^1.0.0", "--yes")["installed"]["version"] == "1.0.0"
    exact = cli.ok("install", f"{NAME}@1.1.0", "--yes")
    assert "is deprecated. go back to 1.0" in exact.stderr
    cli.ok("deprecate", f"{NAME}@1.0.0", "--message", "all of it is")
    only = cli.ok("install", f"{NAME}@^1.0.0", "--yes")
    assert "1.1.0" in only.stdout, "if all are deprecated, the newest is installed"


def test_a_scope_is_a_folder(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "@some-scope/tool")
    cli.ok("install", str(source))
    folder = cli.project / ".plugport" / "plugins" / "@some-scope" / "tool"
    assert (folder / "index.js").is_file()
    cli.ok("remove", "some-scope/tool")
    assert not folder.parent.exists()


def test_installs_a_folder_like_its_package(cli: Cli, tmp_path: Path) -> None:
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


def test_never_replaces_other_folders(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "local-one")
    target = tmp_path / "host"
    (target / "local-one").mkdir(parents=True)
    (target / "local-one" / "precious.txt").write_text("mine")
    error = cli.error(6, "install", str(source), "--target", str(target))
    assert error["code"] == "folder-in-the-way"
    assert (target / "local-one" / "precious.txt").read_text() == "mine"


def test_installs_from_a_url_only_with_consent(cli: Cli) -> None:
    release = cli.json("info", NAME)["release"]
    url, integrity = release["packageUrl"], release["integrity"]
    assert cli.error(4, "install", url)["code"] == "consent-needed"
    assert cli.json("install", url, "--yes")["installed"]["name"] == NAME
    assert cli.json("install", url, "--integrity", integrity)["installed"]["resolved"] == url


def test_a_package_from_a_url_must_have_the_given_integrity(cli: Cli) -> None:
    url = cli.json("info", NAME)["release"]["packageUrl"]
    wrong = "sha512-" + "A" * 86 + "=="
    assert cli.error(9, "install", url, "--integrity", wrong)["code"] == "integrity-mismatch"
    assert not cli.folder_of(NAME).exists()


@pytest.mark.parametrize(
    "source", ["github:org/repo", "Bad_Name", "git+ssh://example.org/x", "a@", "@/x", "a@1.0.0@2"]
)
def test_invalid_sources_list_the_allowed_forms(cli: Cli, source: str) -> None:
    result = cli.run("install", source)
    assert result.exit_code in {3, 5}
    if result.exit_code == 3:
        assert "Use NAME" in result.stderr


@pytest.mark.parametrize("source", ["./nothing", "nothing.tgz", "~/no-such-plugin-folder"])
def test_a_missing_path_is_an_error(cli: Cli, source: str) -> None:
    assert cli.error(5, "install", source)["code"] == "no-such-source"


def test_an_invalid_package_is_an_error(cli: Cli) -> None:
    (cli.project / "junk.tgz").write_bytes(b"this is no archive")
    error = cli.error(3, "install", "./junk.tgz")
    assert error["code"].startswith("archive-")
    assert cli.json("list", "--installed")["plugins"] == []


def test_removes_a_plugin_and_its_record(cli: Cli, tmp_path: Path) -> None:
    for name in ("one", "two"):
        cli.ok("install", str(write_plugin(tmp_path / name, f"local-{name}")))
    assert cli.ok("uninstall", "local-one").stdout == "removed local-one@1.0.0\n"
    assert not cli.folder_of("local-one").exists()
    assert list(load_record(cli)) == ["local-two"]
    assert cli.error(5, "remove", "local-one")["code"] == "not-installed"


def test_does_not_remove_dependencies(cli: Cli, tmp_path: Path) -> None:
    needing = "dependencies:\n  plugins:\n    local-base: ^1.0.0\n"
    cli.ok("install", str(write_plugin(tmp_path / "base", "local-base")))
    cli.ok("install", str(write_plugin(tmp_path / "top", "local-top", manifest=needing)))
    error = cli.error(6, "remove", "local-base")
    assert error["code"] == "needed-by-others"
    assert error["context"]["dependents"] == ["local-top"]
    assert cli.folder_of("local-base").exists()
    cli.ok("remove", "local-base", "--force")
    assert not cli.folder_of("local-base").exists()


def test_a_failed_removal_creates_no_folder(cli: Cli) -> None:
    assert cli.error(5, "remove", "nothing-here")["code"] == "not-installed"
    assert list(cli.project.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format": 2, "plugins": {}}', '{"format": 1, "plugins": {"..": {}}}', "\0"],
)
def test_an_invalid_record_is_an_error(cli: Cli, content: str) -> None:
    state = cli.project / ".plugport"
    state.mkdir()
    (state / "installed.json").write_text(content)
    error = cli.error(3, "list", "--installed")
    assert error["code"] == "broken-install-record"
    assert "installed.json" in error["detail"]


def test_rejects_linked_folders_of_a_cloned_project(cli: Cli, tmp_path: Path) -> None:
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
    assert sorted(load_record(cli)) == [f"local-{n}" for n in range(4)]
    assert all(plugin["status"] == "ok" for plugin in cli.json("list", "--installed")["plugins"])
