"""Trust decides how a release is installed, and only the expected bytes are installed."""

from __future__ import annotations

import os
import pty
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from registry.actions.moderate_release import quarantine_release, revoke_release
from registry.models import Release
from tests.client.registry import LocalRegistry
from tests.client.support import Cli, press_ctrl_c, write_plugin
from tests.support.odd_server import build_response, open_server

if TYPE_CHECKING:
    from accounts.models import User


@pytest.fixture(scope="module", autouse=True)
def _published(publish: Callable[..., object]) -> None:
    publish("some-plugin")


def set_trust(trust: str) -> None:
    """Set the trust level of the release, which decides its install policy."""
    Release.objects.update(trust=trust)


def is_installed(cli: Cli) -> bool:
    return (cli.folder_of("some-plugin") / "index.js").exists()


@pytest.mark.parametrize("trust", ["official", "verified"])
def test_reviewed_plugins_install_silently(cli: Cli, trust: str) -> None:
    set_trust(trust)
    assert cli.ok("install", "some-plugin").stderr == ""
    assert is_installed(cli)


def test_community_plugins_install_with_a_notice(cli: Cli) -> None:
    assert "nobody has reviewed it" in cli.ok("install", "some-plugin").stderr
    assert is_installed(cli)


def test_experimental_plugins_need_consent(cli: Cli) -> None:
    set_trust("experimental")
    error = cli.error(4, "install", "some-plugin")
    assert error["code"] == "consent-needed"
    assert "--yes" in error["hint"]
    assert not is_installed(cli)
    assert "experimental" in cli.ok("install", "some-plugin", "--yes").stderr
    assert is_installed(cli)


def test_untrusted_plugins_are_blocked(cli: Cli) -> None:
    set_trust("untrusted")
    assert cli.error(4, "install", "some-plugin", "--yes")["code"] == "install-blocked"
    assert not is_installed(cli)


@pytest.mark.parametrize(
    ("trust", "code"),
    [
        ("official", 0),
        ("verified", 0),
        ("community", 0),
        ("experimental", 4),
        ("brand-new-level", 4),
        ("untrusted", 4),
        ("", 4),
    ],
)
def test_without_a_policy_the_trust_level_decides(
    cli: Cli, registry: LocalRegistry, trust: str, code: int
) -> None:
    """A registry of another version may send no policy, or a level that is new."""
    registry.faults.release_members = {"trust": trust, "installPolicy": None}
    assert cli.run("install", "some-plugin").exit_code == code
    assert is_installed(cli) is (code == 0)


@pytest.mark.parametrize(
    ("moderate", "state"), [(quarantine_release, "quarantined"), (revoke_release, "revoked")]
)
def test_blocked_releases_are_not_installed(
    cli: Cli, moderator: User, moderate: Callable[..., None], state: str
) -> None:
    set_trust("official")
    release = Release.objects.select_related("plugin").get()
    moderate(actor=moderator, release=release, reason="leaks tokens")
    error = cli.error(4, "install", "some-plugin@1.0.0", "--yes")
    assert error["code"] == "install-blocked"
    assert error["context"]["state"] == state
    assert "leaks tokens" in error["detail"]


@pytest.mark.parametrize("state", ["held", "new-state"])
def test_the_state_overrides_trust_and_policy(
    cli: Cli, registry: LocalRegistry, state: str
) -> None:
    registry.faults.release_members = {
        "state": state,
        "trust": "official",
        "installPolicy": "auto",
    }
    error = cli.error(4, "install", "some-plugin@1.0.0", "--yes")
    assert error["code"] == "install-blocked"
    assert error["context"]["state"] == state


@pytest.mark.parametrize(
    ("policy", "code"), [("auto", 0), ("notice", 0), ("ask", 4), ("block", 4), ("nonsense", 4)]
)
def test_follows_the_registry_s_policy(
    cli: Cli, registry: LocalRegistry, policy: str, code: int
) -> None:
    registry.faults.release_members = {"trust": "official", "installPolicy": policy}
    assert cli.run("install", "some-plugin").exit_code == code
    assert is_installed(cli) is (code == 0)


@pytest.mark.processes
@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 4), ("\x03", 130)])
def test_prompts_on_a_terminal(cli: Cli, answer: str, code: int) -> None:
    set_trust("experimental")
    ours, theirs = pty.openpty()
    with cli.start("install", "some-plugin", stdin=theirs, start_new_session=True) as process:
        os.close(theirs)
        assert process.stderr is not None
        shown = ""
        while "Install it anyway?" not in shown:
            char = process.stderr.read(1)
            assert char, f"it ended without asking: {shown}"
            shown += char
        if answer == "\x03":
            press_ctrl_c(process)
        else:
            os.write(ours, answer.encode())
        process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == code
    assert is_installed(cli) is (code == 0)


def test_bytes_with_another_digest_are_not_installed(cli: Cli, registry: LocalRegistry) -> None:
    promised = "sha512-" + "A" * 86 + "=="
    registry.faults.release_members = {"integrity": promised}
    error = cli.error(9, "install", "some-plugin")
    assert error["code"] == "integrity-mismatch"
    assert error["context"]["promised"] == promised
    assert not is_installed(cli)
    partial = cli.home / "cache" / "partial"
    assert list(partial.iterdir()) == [], "bytes that failed are not resumed"


@pytest.mark.parametrize("integrity", ["none", "sha1-abc", "sha512-AAAA", "sha256"])
def test_a_release_without_integrity_is_not_installed(
    cli: Cli, registry: LocalRegistry, integrity: str
) -> None:
    registry.faults.release_members = {"integrity": integrity}
    assert cli.error(9, "install", "some-plugin")["code"] == "integrity-mismatch"


@pytest.mark.parametrize(
    ("name", "version"), [("another-plugin", "1.0.0"), ("some-plugin", "1.0.1")]
)
def test_a_package_of_another_plugin_is_not_installed(
    cli: Cli, registry: LocalRegistry, tmp_path: Path, name: str, version: str
) -> None:
    source = str(write_plugin(tmp_path / "other", name, version))
    packed = cli.json("pack", source, "-o", "other.tgz")
    registry.faults.release_members = {"integrity": packed["integrity"], "size": packed["size"]}
    registry.faults.download_body = Path("other.tgz").read_bytes()
    error = cli.error(9, "install", "some-plugin")
    assert error["code"] == "package-mismatch"
    assert f"{name}@{version}" in error["detail"]
    assert not (cli.project / ".plugport" / "plugins" / name).exists()


@pytest.mark.usefixtures("served")
def test_the_token_stays_with_the_registry(cli: Cli, registry: LocalRegistry) -> None:
    """Packages may be stored on another host, which must not get the token."""
    release = cli.json("info", "some-plugin")["release"]
    url = release["packageUrl"]
    package = httpx.get(url).content
    with open_server() as storage:
        storage.answers["/stored.tgz"] = build_response(package, media_type="application/gzip")
        registry.faults.release_members = {"packageUrl": f"{storage.url}/stored.tgz"}
        cli.env["PLUGPORT_TRUSTED_HOSTS"] = "127.0.0.1"
        cli.ok("install", "some-plugin")
        assert is_installed(cli)
        assert len(storage.requests) == 1
        assert "authorization" not in storage.requests[0].lower()
    assert "authorization" in registry.requests[-1].headers
