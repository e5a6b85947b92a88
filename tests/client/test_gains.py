"""A version that may do more than the installed one says so, and waits for a yes (REL-8)."""

from __future__ import annotations

import json
import os
import pty
from pathlib import Path

import pytest

from tests.client.contract.server import ContractServer
from tests.client.support import Cli, write_plugin

OLD = "permissions:\n  network: ['*.example.org']\n  filesystem: ['read:./data']\n"
MORE = "permissions:\n  network: [a.example.org, b.test]\n  filesystem: ['write:./data']\n"
LESS = "permissions:\n  network: [a.example.org]\n"


@pytest.fixture
def two(cli: Cli, contract: ContractServer) -> dict[str, object]:
    """1.0.0 is installed; 1.1.0 asks for more, 1.2.0 for less. All are trusted."""
    for version, manifest in (("1.0.0", OLD), ("1.1.0", MORE), ("1.2.0", LESS)):
        cli.publish("some-plugin", version, manifest=manifest)
    releases = contract.store.releases["some-plugin"]
    for release in releases.values():
        release.trust, release.policy = "verified", "auto"
    cli.ok("install", "some-plugin@1.0.0")
    return dict(releases)


def installed_version(cli: Cli) -> str:
    record = json.loads((cli.project / ".plugport" / "installed.json").read_text())
    version: str = record["plugins"]["some-plugin"]["version"]
    return version


@pytest.mark.usefixtures("two")
def test_gained_permissions_need_a_yes(cli: Cli) -> None:
    error = cli.error(4, "install", "some-plugin@1.1.0")
    assert error["code"] == "consent-needed"
    assert error["detail"] == (
        "`some-plugin@1.1.0` may do more than the installed 1.0.0:"
        " write `./data`, connect to `b.test`"
    )
    assert installed_version(cli) == "1.0.0"
    agreed = cli.ok("install", "some-plugin@1.1.0", "--yes")
    assert "may do more than the installed 1.0.0" in agreed.stderr
    assert installed_version(cli) == "1.1.0"


@pytest.mark.usefixtures("two")
def test_a_no_costs_nothing(cli: Cli, contract: ContractServer) -> None:
    before = len(contract.requests)
    cli.error(4, "install", "some-plugin@1.1.0")
    paths = [request.path for request in contract.requests[before:]]
    assert not [path for path in paths if path.endswith("/download")]


@pytest.mark.usefixtures("two")
def test_fewer_permissions_need_none(cli: Cli) -> None:
    assert cli.ok("install", "some-plugin@1.2.0").stderr == ""
    assert installed_version(cli) == "1.2.0"
    # On the way back it gains again what it gave up.
    cli.error(4, "install", "some-plugin@1.0.0")


@pytest.mark.usefixtures("two")
def test_the_same_version_again_gains_nothing(cli: Cli) -> None:
    assert "unchanged" in cli.ok("install", "some-plugin@1.0.0").stdout
    (cli.folder_of("some-plugin") / "index.js").write_text("changed")
    assert cli.ok("install", "some-plugin@1.0.0").stderr == ""


TOLD = (
    "note: `some-plugin@1.1.0` may do more than 1.0.0, the one before it:"
    " write `./data`, connect to `b.test`\n"
)


@pytest.mark.usefixtures("two")
def test_a_new_plugin_says_what_its_release_gained(cli: Cli) -> None:
    """No question: nothing that is installed may do less."""
    cli.ok("remove", "some-plugin")
    assert cli.ok("install", "some-plugin@1.1.0").stderr == TOLD
    assert installed_version(cli) == "1.1.0"


def test_what_is_gained_is_said_before_the_question(cli: Cli, two: dict[str, object]) -> None:
    cli.ok("remove", "some-plugin")
    two["1.1.0"].policy = "ask"  # type: ignore[attr-defined]
    result = cli.run("install", "some-plugin@1.1.0")
    assert result.exit_code == 4
    assert result.stderr.startswith(TOLD)


@pytest.mark.usefixtures("two")
def test_json_says_what_a_release_gained(cli: Cli) -> None:
    cli.ok("remove", "some-plugin")
    told = json.loads(cli.ok("install", "some-plugin@1.1.0", "--json").stdout)
    assert told["gained"] == {
        "over": "1.0.0",
        "permissions": {"filesystem": ["write:./data"], "network": ["b.test"]},
    }
    again = json.loads(cli.ok("install", "some-plugin@1.1.0", "--json").stdout)
    assert again["gained"] is None


@pytest.mark.parametrize("version", ["1.0.0", "1.2.0"])
@pytest.mark.usefixtures("two")
def test_the_first_release_and_one_that_gained_nothing_say_nothing(cli: Cli, version: str) -> None:
    cli.ok("remove", "some-plugin")
    assert cli.ok("install", f"some-plugin@{version}").stderr == ""


@pytest.mark.usefixtures("two")
def test_a_registry_that_compares_nothing_is_no_hindrance(
    cli: Cli, contract: ContractServer
) -> None:
    contract.store.compares = False
    cli.ok("remove", "some-plugin")
    assert cli.ok("install", "some-plugin@1.1.0").stderr == ""
    assert installed_version(cli) == "1.1.0"


def test_the_package_is_believed_and_not_the_registry(
    cli: Cli, two: dict[str, object], contract: ContractServer
) -> None:
    """A registry that tells of fewer permissions than the package asks for changes nothing."""
    release = contract.store.releases["some-plugin"]["1.1.0"]
    release.manifest = {**release.manifest, "permissions": {}}
    assert cli.error(4, "install", "some-plugin@1.1.0")["code"] == "consent-needed"
    assert installed_version(cli) == "1.0.0"
    cli.ok("install", "some-plugin@1.1.0", "--yes")


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 4)])
@pytest.mark.usefixtures("two")
def test_asks_once_on_a_terminal(cli: Cli, answer: str, code: int) -> None:
    ours, theirs = pty.openpty()
    with cli.start("install", "some-plugin@1.1.0", stdin=theirs) as process:
        os.close(theirs)
        os.write(ours, answer.encode())
        _, stderr = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == code
    assert stderr.count("install it all the same?") == 1
    assert installed_version(cli) == ("1.1.0" if code == 0 else "1.0.0")


@pytest.mark.usefixtures("two")
def test_packages_from_elsewhere_too(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "some-plugin", "9.0.0", manifest=MORE)
    error = cli.error(4, "install", str(source))
    assert "`some-plugin@9.0.0` may do more" in error["detail"]
    assert installed_version(cli) == "1.0.0"
    cli.ok("install", str(source), "--yes")


@pytest.mark.usefixtures("two")
def test_a_record_without_permissions_agreed_to_none(cli: Cli) -> None:
    path = cli.project / ".plugport" / "installed.json"
    record = json.loads(path.read_text())
    del record["plugins"]["some-plugin"]["permissions"]
    path.write_text(json.dumps(record))
    assert "connect to `a.example.org`" in cli.error(4, "install", "some-plugin@1.2.0")["detail"]


def test_hostile_words_stay_on_their_line(cli: Cli, contract: ContractServer) -> None:
    cli.publish("some-plugin", "1.0.0")
    cli.publish("some-plugin", "1.1.0")
    for release in contract.store.releases["some-plugin"].values():
        release.trust, release.policy = "verified", "auto"
    cli.ok("install", "some-plugin@1.0.0")
    newer = contract.store.releases["some-plugin"]["1.1.0"]
    words = {"exec": ["git\n\x1b[2Jhint: all is well", *(f"tool-{n}" for n in range(20))]}
    newer.manifest = {**newer.manifest, "permissions": words}
    shown = cli.run("install", "some-plugin@1.1.0").stderr
    assert "\x1b" not in shown
    assert "\nhint: all is well" not in shown
    assert "and 13 more" in shown
