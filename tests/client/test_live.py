"""The program against a registry in its own processes: web server, sockets and worker."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest

from tests.client.support import Cli, RemoteRegistry, wait_until, write_plugin
from tests.support.server import LiveRegistry

pytestmark = pytest.mark.processes
USERNAME = "clio"
NAME = "@clio/bridge"


@pytest.fixture(scope="module")
def remote(live_registry: LiveRegistry) -> RemoteRegistry:
    """The live registry, with a token of `clio`."""
    return RemoteRegistry(live_registry.url, live_registry.create_api_tokens(USERNAME)[USERNAME])


@pytest.fixture
def cli(tmp_path: Path, remote: RemoteRegistry, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line of `clio`."""
    return Cli.create(tmp_path, remote, monkeypatch)


def run(cli: Cli, *args: str) -> str:
    """Run the program, which must succeed; returns its stdout."""
    code, stdout, stderr = cli.run_program(*args)
    assert code == 0, stderr
    return stdout


def test_publishes_finds_installs_and_yanks(cli: Cli, tmp_path: Path) -> None:
    data = {"data.bin": os.urandom(300_000)}
    for version in ("1.0.0", "1.1.0"):
        source = write_plugin(tmp_path / version, NAME, version, files=data)
        assert (
            run(cli, "publish", str(source))
            .splitlines()[-1]
            .startswith(f"published {NAME}@{version} ")
        )
    search = f"{cli.registry.url}/api/v1/plugins?q=clio"
    wait_until(lambda: NAME in httpx.get(search).text)
    assert NAME in run(cli, "search", "clio")
    assert f"installed {NAME}@1.1.0" in run(cli, "install", NAME)
    folder = cli.project / ".plugport" / "plugins" / "@clio" / "bridge"
    assert (folder / "data.bin").read_bytes() == data["data.bin"]
    run(cli, "yank", f"{NAME}@1.1.0", "--reason", "broken")
    installed = json.loads(run(cli, "install", f"{NAME}@^1.0.0", "--json"))
    assert installed["installed"]["version"] == "1.0.0"
    assert installed["previousVersion"] == "1.1.0"


def test_a_wrong_token_is_refused(cli: Cli) -> None:
    cli.env["PLUGPORT_TOKEN"] = "wrong-token-0123456789"
    code, stdout, stderr = cli.run_program("whoami", "--json")
    assert (code, stdout) == (4, "")
    assert json.loads(stderr)["error"]["code"] == "invalid-token"
