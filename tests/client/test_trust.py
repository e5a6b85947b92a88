"""Trust decides how a release is installed, and nothing but the promised bytes ever is."""

from __future__ import annotations

import os
import pty
from pathlib import Path

import pytest

from tests.client.contract.server import ContractServer
from tests.client.contract.store import StoredRelease
from tests.client.support import Cli, press_ctrl_c, write_plugin


@pytest.fixture
def release(cli: Cli, contract: ContractServer) -> StoredRelease:
    """A published release, for tests that change how the registry sees it."""
    cli.publish("some-plugin")
    return contract.store.releases["some-plugin"]["1.0.0"]


def is_installed(cli: Cli) -> bool:
    return (cli.folder_of("some-plugin") / "index.js").exists()


@pytest.mark.parametrize("trust", ["official", "verified"])
def test_reviewed_plugins_install_silently(cli: Cli, release: StoredRelease, trust: str) -> None:
    release.trust, release.policy = trust, None
    assert cli.ok("install", "some-plugin").stderr == ""
    assert is_installed(cli)


def test_community_plugins_install_with_a_notice(cli: Cli, release: StoredRelease) -> None:
    release.trust, release.policy = "community", None
    assert "nobody has reviewed it" in cli.ok("install", "some-plugin").stderr
    assert is_installed(cli)


@pytest.mark.parametrize("trust", ["experimental", "brand-new-level"])
def test_experimental_plugins_need_consent(cli: Cli, release: StoredRelease, trust: str) -> None:
    release.trust, release.policy = trust, None
    error = cli.error(4, "install", "some-plugin")
    assert error["code"] == "consent-needed"
    assert "--yes" in error["hint"]
    assert not is_installed(cli)
    assert trust in cli.ok("install", "some-plugin", "--yes").stderr
    assert is_installed(cli)


@pytest.mark.parametrize("trust", ["untrusted", ""])
def test_untrusted_plugins_are_blocked(cli: Cli, release: StoredRelease, trust: str) -> None:
    release.trust, release.policy = trust, None
    assert cli.error(4, "install", "some-plugin", "--yes")["code"] == "install-blocked"
    assert not is_installed(cli)


@pytest.mark.parametrize("state", ["quarantined", "revoked", "held", "new-state"])
def test_the_state_goes_before_everything(cli: Cli, release: StoredRelease, state: str) -> None:
    release.state, release.trust, release.policy = state, "official", "auto"
    error = cli.error(4, "install", "some-plugin@1.0.0", "--yes")
    assert error["code"] == "install-blocked"
    assert error["context"]["state"] == state


@pytest.mark.parametrize(
    ("policy", "code"), [("auto", 0), ("notice", 0), ("ask", 4), ("block", 4), ("nonsense", 4)]
)
def test_obeys_the_registry_s_policy(
    cli: Cli, release: StoredRelease, policy: str, code: int
) -> None:
    release.trust, release.policy = "official", policy
    assert cli.run("install", "some-plugin").exit_code == code
    assert is_installed(cli) is (code == 0)


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 4), ("\x03", 130)])
def test_asks_on_a_terminal(cli: Cli, release: StoredRelease, answer: str, code: int) -> None:
    release.trust, release.policy = "experimental", None
    ours, theirs = pty.openpty()
    with cli.start("install", "some-plugin", stdin=theirs, start_new_session=True) as process:
        os.close(theirs)
        assert process.stderr is not None
        shown = ""
        while "install it all the same?" not in shown:
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


def test_other_bytes_than_promised_are_not_installed(cli: Cli, release: StoredRelease) -> None:
    release.integrity_override = "sha512-" + "A" * 86 + "=="
    error = cli.error(9, "install", "some-plugin")
    assert error["code"] == "integrity-mismatch"
    assert error["context"]["promised"] == release.integrity_override
    assert not is_installed(cli)
    partial = cli.home / "cache" / "partial"
    assert list(partial.iterdir()) == [], "bytes that failed are not resumed"


@pytest.mark.parametrize("integrity", ["none", "sha1-abc", "sha512-AAAA", "sha256"])
def test_a_release_without_integrity_is_not_installed(
    cli: Cli, release: StoredRelease, integrity: str
) -> None:
    release.integrity_override = integrity
    assert cli.error(9, "install", "some-plugin")["code"] == "integrity-mismatch"


@pytest.mark.parametrize(
    ("name", "version"), [("another-plugin", "1.0.0"), ("some-plugin", "1.0.1")]
)
def test_a_package_of_another_plugin_is_not_installed(
    cli: Cli, release: StoredRelease, tmp_path: Path, name: str, version: str
) -> None:
    cli.ok("pack", str(write_plugin(tmp_path / "other", name, version)), "-o", "other.tgz")
    release.package = Path("other.tgz").read_bytes()
    error = cli.error(9, "install", "some-plugin")
    assert error["code"] == "package-mismatch"
    assert f"{name}@{version}" in error["detail"]
    assert not (cli.project / ".plugport" / "plugins" / name).exists()


def test_the_token_stays_with_the_registry(cli: Cli, release: StoredRelease) -> None:
    """Packages may lie on another host: it learns nothing of who asks."""
    from tests.client.contract.server import run_contract_server

    with run_contract_server() as storage:
        storage.store.add(release)
        release.url_override = f"{storage.url}/api/v1/plugins/some-plugin/1.0.0/download"
        cli.ok("install", "some-plugin")
        assert is_installed(cli)
        assert [request.headers.get("authorization") for request in storage.requests] == [None]
