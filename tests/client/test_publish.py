"""publish, deprecate and yank: what is sent, how the verdict is printed, and the exit code."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from registry.jobs.queue import MAX_ATTEMPTS
from registry.jobs.runner import run_pending_jobs
from registry.models import Job
from registry.package_limits import CHANGELOG_CHARS
from tests.client.registry import CannedResponse, LocalRegistry
from tests.client.support import Cli, build_name, write_plugin

# Built at run time, so that secret scanners do not report this file.
_BODY = base64.b64encode(hashlib.sha512(b"the key of nobody").digest()).decode()
_LABEL = "RSA PRIVATE" + " KEY"
PUBLICATION_URL = r"http://127\.0\.0\.1:8000/publications/[0-9a-f-]{36}"
SECRET_LINE = f"-----BEGIN {_LABEL}-----\n{_BODY}\n-----END {_LABEL}-----\n"


def test_publishes_a_folder_and_prints_each_check(cli: Cli, tmp_path: Path) -> None:
    name = build_name()
    result = cli.ok("publish", str(write_plugin(tmp_path / "source", name)))
    lines = result.stdout.splitlines()
    for title in ("Manifest", "Required files", "License", "Secrets"):
        assert any(line.startswith(f"passed   {title}") for line in lines), result.stdout
    assert lines[-1].startswith(f"published {name}@1.0.0 ")
    assert cli.json("info", name)["release"]["state"] == "published"


def test_publishes_a_package_unchanged(cli: Cli, tmp_path: Path) -> None:
    name = build_name()
    packed = cli.json("pack", str(write_plugin(tmp_path / "source", name)))
    cli.ok("publish", packed["file"])
    release = cli.json("info", name)["release"]
    assert release["integrity"] == packed["integrity"]
    assert release["size"] == packed["size"]


def test_publishing_the_same_bytes_again_succeeds(cli: Cli, tmp_path: Path) -> None:
    source = str(write_plugin(tmp_path / "source", build_name()))
    cli.ok("publish", source)
    cli.ok("publish", source)


def test_other_bytes_for_the_same_version_are_a_conflict(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", build_name())
    cli.ok("publish", str(source))
    (source / "index.js").write_text("export const onMessage = () => 2;\n")
    error = cli.error(6, "publish", str(source))
    assert error["code"] == "version-taken"


def test_an_unverified_account_is_told_what_to_do(cli: Cli, tmp_path: Path) -> None:
    User.objects.update(is_verified=False)
    error = cli.error(4, "publish", str(write_plugin(tmp_path / "source", build_name())))
    assert error["code"] == "email-not-verified"
    assert "/account/email" in error["hint"]


def test_an_account_without_a_second_factor_is_told_what_to_do(
    cli: Cli, tmp_path: Path, settings: Any
) -> None:
    settings.REQUIRE_MFA_TO_PUBLISH = True
    error = cli.error(4, "publish", str(write_plugin(tmp_path / "source", build_name())))
    assert error["code"] == "mfa-required"
    assert "/account/security" in error["hint"]


def test_sets_a_dist_tag(cli: Cli, tmp_path: Path) -> None:
    name = build_name()
    cli.publish(name, "1.0.0")
    newer = write_plugin(tmp_path / "newer", name, "2.0.0-beta.1")
    cli.ok("publish", str(newer), "--tag", "beta")
    tags = cli.json("info", name)["plugin"]["distTags"]
    assert tags == {"latest": "1.0.0", "beta": "2.0.0-beta.1"}


def test_without_a_token_publishing_is_denied(cli: Cli, tmp_path: Path) -> None:
    cli.env["PLUGPORT_TOKEN"] = None
    error = cli.error(4, "publish", str(write_plugin(tmp_path / "source", build_name())))
    assert error["kind"] == "denied"
    assert "plugport login" in error["hint"]


def test_checks_run_locally_before_anything_is_sent(
    cli: Cli, registry: LocalRegistry, tmp_path: Path
) -> None:
    source = write_plugin(tmp_path / "source", "leaky-one", files={"notes.txt": SECRET_LINE})
    result = cli.run("publish", str(source))
    assert result.exit_code == 3
    assert "FAILED   Secrets" in result.stdout
    assert "notes.txt:1" in result.stdout
    assert "nothing was uploaded" in result.stderr
    assert registry.requests == []


def find_publication_url(cli: Cli, *arguments: str) -> str:
    """The page of the upload, from the JSON of publishing the same package again."""
    document = json.loads(cli.run("publish", *arguments, "--json").stdout)["publication"]
    assert document["publicationUrl"].endswith(f"/publications/{document['id']}")
    return str(document["publicationUrl"])


def test_a_rejected_release_prints_the_reason(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "leaky-one", files={"notes.txt": SECRET_LINE})
    result = cli.run("publish", str(source), "--no-verify")
    assert result.exit_code == 3
    assert "FAILED   Secrets" in result.stdout
    assert "[secret-private-key]" in result.stdout
    assert "it is rejected" in result.stderr
    # Another page than that of the next attempt, which is an upload of its own.
    assert re.search(rf" Findings and files: {PUBLICATION_URL}\n", result.stderr)
    assert re.fullmatch(PUBLICATION_URL, find_publication_url(cli, str(source), "--no-verify"))
    assert cli.error(3, "publish", str(source), "--no-verify")["code"] == "release-rejected"


def test_a_held_release_is_not_a_success(cli: Cli, registry: LocalRegistry, tmp_path: Path) -> None:
    def hold() -> None:
        """Use up the attempts, as a package does that kills its worker."""
        Job.objects.update(attempts=MAX_ATTEMPTS - 1)
        run_pending_jobs()

    registry.run_worker = hold
    error = cli.error(8, "publish", str(write_plugin(tmp_path / "source", "odd-one")))
    assert error["code"] == "release-held"
    assert error["hint"].startswith("Run `plugport publish ")
    url = find_publication_url(cli, str(tmp_path / "source"))
    assert error["hint"].endswith(f" later to see the decision. Findings and files: {url}")


def count_status_requests(registry: LocalRegistry) -> int:
    return len([request for request in registry.requests if "/publications/" in request.path])


def test_publish_waits_for_the_verdict(cli: Cli, registry: LocalRegistry, tmp_path: Path) -> None:
    registry.polls_before_checks = 3
    cli.ok("publish", str(write_plugin(tmp_path / "source", "slow-one")))
    assert count_status_requests(registry) == 4


def test_stops_waiting_at_the_timeout(cli: Cli, registry: LocalRegistry, tmp_path: Path) -> None:
    registry.polls_before_checks = 10_000
    source = str(write_plugin(tmp_path / "source", "slow-one"))
    assert cli.error(8, "publish", source, "--timeout", "1")["code"] == "verdict-pending"


def test_without_waiting_a_received_release_is_a_success(
    cli: Cli, registry: LocalRegistry, tmp_path: Path
) -> None:
    registry.polls_before_checks = 10_000
    source = str(write_plugin(tmp_path / "source", "slow-one"))
    sent = cli.ok("publish", source, "--no-wait").stdout
    assert "is checking it" in sent
    assert "/publications/" in sent
    assert cli.json("publish", source, "--no-wait")["publication"]["state"] == "checking"
    assert count_status_requests(registry) == 0


def test_the_registry_s_field_errors_are_printed(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "odd-one")
    result = cli.run("publish", str(source), "--changelog", "x" * (CHANGELOG_CHARS + 1))
    assert result.exit_code == 3
    assert "\n  changelog: " in result.stderr
    assert f"allowed at most {CHANGELOG_CHARS:,} characters" in result.stderr


def test_field_errors_are_printed_with_file_and_line(
    cli: Cli, registry: LocalRegistry, tmp_path: Path
) -> None:
    errors = [
        {"field": "tag", "detail": "is not a tag", "found": "Käse", "allowed": "a-z"},
        {"field": "version", "detail": "is too low", "file": "plugport.yaml", "line": 3},
    ]
    registry.faults.responses = [
        CannedResponse.from_problem(
            400, "invalid", "the form has 2 errors", errors=errors, hint="Fix them."
        )
    ]
    result = cli.run("publish", str(write_plugin(tmp_path / "source", "odd-one")))
    assert result.exit_code == 3
    assert result.stderr.endswith(
        "error: the form has 2 errors\n"
        "  tag: is not a tag\n"
        "    found Käse, allowed a-z\n"
        "  plugport.yaml:3: version: is too low\n"
        "hint: Fix them.\n"
    )


def test_uploads_the_whole_file_and_form(cli: Cli, registry: LocalRegistry, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "large-one", files={"d.bin": os.urandom(300_000)})
    cli.ok("publish", str(source), "--changelog", "Größer.")
    request = next(r for r in registry.requests if r.method == "POST")
    assert int(request.headers["content-length"]) == len(request.body)
    assert "Größer.".encode() in request.body
    assert b'filename="large-one-1.0.0.tgz"' in request.body


@pytest.mark.parametrize("path", ["./nothing", "nothing.tgz"])
def test_publishing_a_missing_path_is_an_error(cli: Cli, path: str) -> None:
    assert cli.error(5, "publish", path)["code"] == "no-such-package"


def test_a_folder_without_manifest_is_invalid(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "README.md").write_text("nothing more")
    error = cli.error(3, "publish", str(tmp_path / "empty"))
    assert error["code"] == "no-manifest"


def test_deprecates_and_undoes_it(cli: Cli) -> None:
    name = build_name()
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
def test_flags_need_a_release_and_a_message(cli: Cli, args: tuple[str, ...]) -> None:
    assert cli.error(2, *args)["code"] == "usage"


def test_a_scope_must_be_created_before_its_first_plugin(cli: Cli, tmp_path: Path) -> None:
    scope = f"team-{build_name().rpartition('/')[2]}"
    folder = write_plugin(tmp_path / "source", f"@{scope}/chat")
    error = cli.error(4, "publish", str(folder))
    assert error["code"] == "scope-not-created"
    assert f"`plugport scope create {scope}`" in error["hint"]
    assert cli.ok("scope", "create", f"@{scope}").stdout.startswith(f"@{scope} belongs to ")
    cli.ok("publish", str(folder))
    assert scope in cli.json("scope", "list")["scopes"]


def test_refused_scopes_say_why(cli: Cli) -> None:
    assert cli.error(4, "scope", "create", "g00gle")["code"] == "well-known-name"
    cli.error(3, "scope", "create", "No Scope")
    assert "the name is missing" in cli.run("scope", "create").stderr
    assert "takes no name" in cli.run("scope", "list", "x").stderr
