"""publish, deprecate and yank: what is sent, how the verdict is told, and with which exit code."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest

from tests.client.contract.app import make_problem
from tests.client.contract.server import ContractServer
from tests.client.support import Cli, make_name, write_plugin

# Made up here, and put together so that no scanner takes this file for a leak.
_BODY = base64.b64encode(hashlib.sha512(b"the key of nobody").digest()).decode()
_LABEL = "RSA PRIVATE" + " KEY"
SECRET_LINE = f"-----BEGIN {_LABEL}-----\n{_BODY}\n-----END {_LABEL}-----\n"


def test_publishes_a_folder_and_tells_each_check(cli: Cli, tmp_path: Path) -> None:
    name = make_name()
    result = cli.ok("publish", str(write_plugin(tmp_path / "source", name)))
    lines = result.stdout.splitlines()
    for title in ("Manifest", "Required files", "Licence", "Secrets"):
        assert any(line.startswith(f"passed   {title}") for line in lines), result.stdout
    assert lines[-1].startswith(f"published {name}@1.0.0 ")
    assert cli.json("info", name)["release"]["state"] == "published"


def test_publishes_a_package_as_it_is(cli: Cli, tmp_path: Path) -> None:
    name = make_name()
    packed = cli.json("pack", str(write_plugin(tmp_path / "source", name)))
    cli.ok("publish", packed["file"])
    release = cli.json("info", name)["release"]
    assert release["integrity"] == packed["integrity"]
    assert release["size"] == packed["size"]


def test_publishing_the_same_bytes_again_is_no_error(cli: Cli, tmp_path: Path) -> None:
    source = str(write_plugin(tmp_path / "source", make_name()))
    cli.ok("publish", source)
    cli.ok("publish", source)


def test_other_bytes_for_the_same_version_are_a_conflict(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", make_name())
    cli.ok("publish", str(source))
    (source / "index.js").write_text("export const onMessage = () => 2;\n")
    error = cli.error(6, "publish", str(source))
    assert error["code"] == "version-taken"


def test_sets_a_tag(cli: Cli, tmp_path: Path) -> None:
    name = make_name()
    cli.publish(name, "1.0.0")
    newer = write_plugin(tmp_path / "newer", name, "2.0.0-beta.1")
    cli.ok("publish", str(newer), "--tag", "beta")
    tags = cli.json("info", name)["plugin"]["distTags"]
    assert tags == {"latest": "1.0.0", "beta": "2.0.0-beta.1"}


def test_without_a_token_publishing_is_denied(cli: Cli, tmp_path: Path) -> None:
    cli.env["PLUGPORT_TOKEN"] = None
    error = cli.error(4, "publish", str(write_plugin(tmp_path / "source", make_name())))
    assert error["kind"] == "denied"
    assert "plugport login" in error["hint"]


def test_checks_run_here_before_anything_is_sent(
    cli: Cli, contract: ContractServer, tmp_path: Path
) -> None:
    source = write_plugin(tmp_path / "source", "leaky-one", files={"notes.txt": SECRET_LINE})
    result = cli.run("publish", str(source))
    assert result.exit_code == 3
    assert "FAILED   Secrets" in result.stdout
    assert "notes.txt:1" in result.stdout
    assert "nothing was sent" in result.stderr
    assert contract.requests == []


def test_a_rejected_release_tells_why(cli: Cli, contract: ContractServer, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "leaky-one", files={"notes.txt": SECRET_LINE})
    result = cli.run("publish", str(source), "--no-verify")
    assert result.exit_code == 3
    assert "FAILED   Secrets" in result.stdout
    assert "[secret-private-key]" in result.stdout
    assert "it is rejected" in result.stderr
    assert cli.error(3, "publish", str(source), "--no-verify")["code"] == "release-rejected"


def test_a_held_release_is_not_a_success(
    cli: Cli, contract: ContractServer, tmp_path: Path
) -> None:
    contract.store.forced_state = "held"
    error = cli.error(8, "publish", str(write_plugin(tmp_path / "source", "odd-one")))
    assert error["code"] == "release-held"


def test_waits_until_it_is_decided(cli: Cli, contract: ContractServer, tmp_path: Path) -> None:
    contract.store.polls_until_decided = 4
    cli.ok("publish", str(write_plugin(tmp_path / "source", "slow-one")))
    assert len([r for r in contract.requests if "/status/" in r.path]) == 4


def test_gives_up_waiting_in_time(cli: Cli, contract: ContractServer, tmp_path: Path) -> None:
    contract.store.polls_until_decided = 10_000
    source = str(write_plugin(tmp_path / "source", "slow-one"))
    assert cli.error(8, "publish", source, "--timeout", "1")["code"] == "verdict-pending"


def test_without_waiting_a_received_release_is_a_success(
    cli: Cli, contract: ContractServer, tmp_path: Path
) -> None:
    contract.store.polls_until_decided = 10_000
    source = str(write_plugin(tmp_path / "source", "slow-one"))
    assert "is checking it" in cli.ok("publish", source, "--no-wait").stdout
    assert cli.json("publish", source, "--no-wait")["publication"]["state"] == "checking"
    assert not [r for r in contract.requests if "/status/" in r.path]


def test_field_errors_of_the_registry_are_shown_one_by_one(
    cli: Cli, contract: ContractServer, tmp_path: Path
) -> None:
    faults = [
        {"field": "tag", "detail": "is not a tag", "found": "Käse", "allowed": "a-z"},
        {"field": "version", "detail": "is too low", "file": "plugport.yaml", "line": 3},
    ]
    contract.faults.answers = [
        make_problem(422, "invalid-form", "the form has 2 faults", errors=faults, hint="Mend them.")
    ]
    result = cli.run("publish", str(write_plugin(tmp_path / "source", "odd-one")))
    assert result.exit_code == 3
    assert result.stderr.endswith(
        "error: the form has 2 faults\n"
        "  tag: is not a tag\n"
        "    found Käse, allowed a-z\n"
        "  plugport.yaml:3: version: is too low\n"
        "hint: Mend them.\n"
    )


def test_the_whole_file_arrives_and_the_form_is_complete(
    cli: Cli, contract: ContractServer, tmp_path: Path
) -> None:
    source = write_plugin(tmp_path / "source", "large-one", files={"d.bin": os.urandom(300_000)})
    cli.ok("publish", str(source), "--changelog", "Größer.")
    request = next(r for r in contract.requests if r.method == "POST")
    assert int(request.headers["content-length"]) == len(request.body)
    assert "Größer.".encode() in request.body
    assert b'filename="large-one-1.0.0.tgz"' in request.body


@pytest.mark.parametrize("path", ["./nothing", "nothing.tgz"])
def test_publishing_nothing_is_missing(cli: Cli, path: str) -> None:
    assert cli.error(5, "publish", path)["code"] == "no-such-package"


def test_a_folder_without_manifest_is_invalid(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "README.md").write_text("nothing more")
    error = cli.error(3, "publish", str(tmp_path / "empty"))
    assert error["code"] == "no-manifest"


def test_deprecates_and_takes_it_back(cli: Cli) -> None:
    name = make_name()
    cli.publish(name)
    cli.ok("deprecate", f"{name}@1.0.0", "-m", "old", "--replacement", "@ada/other")
    deprecated = cli.json("info", f"{name}@1.0.0")["release"]["deprecated"]
    assert deprecated["message"] == "old"
    assert deprecated["replacement"] == "@ada/other"
    assert "Use `@ada/other` instead" in cli.ok("info", f"{name}@1.0.0").stderr
    assert cli.ok("deprecate", f"{name}@1.0.0", "--undo").stdout == (
        f"{name}@1.0.0 is no longer deprecated\n"
    )
    assert cli.json("info", f"{name}@1.0.0")["release"]["deprecated"] is None


@pytest.mark.parametrize(
    "args",
    [
        ("deprecate", "a@1.0.0"),
        ("deprecate", "a@1.0.0", "--message", " "),
        ("deprecate", "a", "--message", "x"),
        ("deprecate", "a@1.0.0", "--message", "x", "--undo"),
        ("yank", "a"),
        ("yank", "a@1.0.0", "--undo", "--reason", "x"),
    ],
)
def test_marks_need_a_release_and_a_message(cli: Cli, args: tuple[str, ...]) -> None:
    assert cli.error(2, *args)["code"] == "usage"
