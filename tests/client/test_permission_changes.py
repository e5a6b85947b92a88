"""A version with more permissions than the installed one needs the user's consent (REL-8)."""

from __future__ import annotations

import json
import os
import pty
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.models import Release
from tests.client.registry import LocalRegistry
from tests.client.support import Cli, write_plugin

OLD = "permissions:\n  network: ['*.example.org']\n  filesystem: ['read:./data']\n"
MORE = "permissions:\n  network: [a.example.org, b.test]\n  filesystem: ['write:./data']\n"
LESS = "permissions:\n  network: [a.example.org]\n"


@pytest.fixture(scope="module", autouse=True)
def _published(publish: Callable[..., object]) -> None:
    """1.1.0 has more permissions than 1.0.0, 1.2.0 fewer. All are trusted."""
    for version, manifest in (("1.0.0", OLD), ("1.1.0", MORE), ("1.2.0", LESS)):
        publish("some-plugin", version, manifest=manifest)
    Release.objects.update(trust="verified")


@pytest.fixture
def _installed(cli: Cli) -> None:
    """1.0.0 is installed."""
    cli.ok("install", "some-plugin@1.0.0")


def installed_version(cli: Cli) -> str:
    record = json.loads((cli.project / ".plugport" / "installed.json").read_text())
    version: str = record["plugins"]["some-plugin"]["version"]
    return version


@pytest.mark.usefixtures("_installed")
def test_gained_permissions_need_consent(cli: Cli) -> None:
    error = cli.error(4, "install", "some-plugin@1.1.0")
    assert error["code"] == "consent-needed"
    assert error["detail"] == (
        "`some-plugin@1.1.0` has more permissions than the installed 1.0.0:"
        " write `./data`, connect to `b.test`"
    )
    assert installed_version(cli) == "1.0.0"
    agreed = cli.ok("install", "some-plugin@1.1.0", "--yes")
    assert "has more permissions than the installed 1.0.0" in agreed.stderr
    assert installed_version(cli) == "1.1.0"


@pytest.mark.usefixtures("_installed")
def test_nothing_is_downloaded_without_consent(cli: Cli, registry: LocalRegistry) -> None:
    before = len(registry.requests)
    cli.error(4, "install", "some-plugin@1.1.0")
    paths = [request.path for request in registry.requests[before:]]
    assert not [path for path in paths if path.endswith("/download")]


@pytest.mark.usefixtures("_installed")
def test_fewer_permissions_need_no_consent(cli: Cli) -> None:
    assert cli.ok("install", "some-plugin@1.2.0").stderr == ""
    assert installed_version(cli) == "1.2.0"
    # The older version has permissions that the newer one dropped.
    cli.error(4, "install", "some-plugin@1.0.0")


@pytest.mark.usefixtures("_installed")
def test_the_same_version_again_gains_nothing(cli: Cli) -> None:
    assert "already up to date" in cli.ok("install", "some-plugin@1.0.0").stdout
    (cli.folder_of("some-plugin") / "index.js").write_text("changed")
    assert cli.ok("install", "some-plugin@1.0.0").stderr == ""


NOTICE = (
    "note: `some-plugin@1.1.0` has more permissions than the previous release 1.0.0:"
    " write `./data`, connect to `b.test`\n"
)


def test_a_first_installation_prints_what_the_release_gained(cli: Cli) -> None:
    """Without a prompt: there is no installed version to compare with."""
    assert cli.ok("install", "some-plugin@1.1.0").stderr == NOTICE
    assert installed_version(cli) == "1.1.0"


def test_gained_permissions_are_printed_before_the_prompt(cli: Cli) -> None:
    Release.objects.update(trust="experimental")
    result = cli.run("install", "some-plugin@1.1.0")
    assert result.exit_code == 4
    assert result.stderr.startswith(NOTICE)


def test_json_has_what_a_release_gained(cli: Cli) -> None:
    document = json.loads(cli.ok("install", "some-plugin@1.1.0", "--json").stdout)
    assert document["gained"] == {
        "over": "1.0.0",
        "permissions": {"filesystem": ["write:./data"], "network": ["b.test"]},
    }
    again = json.loads(cli.ok("install", "some-plugin@1.1.0", "--json").stdout)
    assert again["gained"] is None


@pytest.mark.parametrize("version", ["1.0.0", "1.2.0"])
def test_prints_nothing_for_the_first_release_or_without_gains(cli: Cli, version: str) -> None:
    assert cli.ok("install", f"some-plugin@{version}").stderr == ""


def test_installs_from_a_registry_that_does_not_compare(cli: Cli, registry: LocalRegistry) -> None:
    registry.faults.missing_endings = ("/diff",)
    assert cli.ok("install", "some-plugin@1.1.0").stderr == ""
    assert installed_version(cli) == "1.1.0"


@pytest.mark.usefixtures("_installed")
def test_the_package_decides_and_not_the_registry(cli: Cli, registry: LocalRegistry) -> None:
    """A registry that lists fewer permissions than the package needs changes nothing."""
    registry.faults.release_members = {"permissions": {}}
    assert cli.error(4, "install", "some-plugin@1.1.0")["code"] == "consent-needed"
    assert installed_version(cli) == "1.0.0"
    cli.ok("install", "some-plugin@1.1.0", "--yes")


@pytest.mark.processes
@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 4)])
@pytest.mark.usefixtures("served", "_installed")
def test_prompts_once_on_a_terminal(cli: Cli, answer: str, code: int) -> None:
    ours, theirs = pty.openpty()
    with cli.start("install", "some-plugin@1.1.0", stdin=theirs) as process:
        os.close(theirs)
        os.write(ours, answer.encode())
        _, stderr = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == code
    assert stderr.count("Install it anyway?") == 1
    assert installed_version(cli) == ("1.1.0" if code == 0 else "1.0.0")


@pytest.mark.usefixtures("_installed")
def test_packages_from_paths_need_consent_too(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "some-plugin", "9.0.0", manifest=MORE)
    error = cli.error(4, "install", str(source))
    assert "`some-plugin@9.0.0` has more permissions" in error["detail"]
    assert installed_version(cli) == "1.0.0"
    cli.ok("install", str(source), "--yes")


@pytest.mark.usefixtures("_installed")
def test_a_record_without_permissions_grants_none(cli: Cli) -> None:
    path = cli.project / ".plugport" / "installed.json"
    record = json.loads(path.read_text())
    del record["plugins"]["some-plugin"]["permissions"]
    path.write_text(json.dumps(record))
    assert "connect to `a.example.org`" in cli.error(4, "install", "some-plugin@1.2.0")["detail"]


@pytest.mark.usefixtures("_installed")
def test_hostile_text_stays_on_its_line(cli: Cli, registry: LocalRegistry) -> None:
    words = {"exec": ["git\n\x1b[2Jhint: all is well", *(f"tool-{n}" for n in range(20))]}
    registry.faults.release_members = {"permissions": words}
    shown = cli.run("install", "some-plugin@1.1.0").stderr
    assert "\x1b" not in shown
    assert "\nhint: all is well" not in shown
    assert "and 13 more" in shown
