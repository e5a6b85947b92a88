"""login, logout and whoami: where tokens are stored, and that they are never printed."""

from __future__ import annotations

import contextlib
import os
import pty
import stat
import sys
from pathlib import Path

import pytest

from tests.client.conftest import USERNAME
from tests.client.registry import CannedResponse, LocalRegistry
from tests.client.support import ROOT, Cli, RemoteRegistry

FILE_KEYRING = "tests.client.file_keyring.FileKeyring"


@pytest.fixture(autouse=True)
def no_token(cli: Cli) -> None:
    cli.env["PLUGPORT_TOKEN"] = None


def log_in(cli: Cli) -> str:
    return cli.ok("login", "--token-stdin", input=f"{cli.registry.token}\n").output


def load_credentials(cli: Cli) -> str:
    return (cli.home / "credentials.json").read_text()


def test_whoami_needs_a_token(cli: Cli) -> None:
    assert cli.error(4, "whoami")["code"] == "not-logged-in"


def test_without_a_keyring_the_token_is_in_a_private_file(cli: Cli) -> None:
    shown = log_in(cli)
    assert "no keyring is available" in shown
    assert cli.registry.token in load_credentials(cli)
    mode = (cli.home / "credentials.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert stat.S_IMODE(cli.home.stat().st_mode) == 0o700
    who = cli.json("whoami")
    assert who["tokenFrom"] == "file"
    assert who["registry"] == cli.registry.url


@pytest.mark.processes
@pytest.mark.usefixtures("served")
def test_with_a_keyring_the_file_has_no_token(cli: Cli, tmp_path: Path) -> None:
    cli.env["PYTHON_KEYRING_BACKEND"] = FILE_KEYRING
    cli.env["TEST_KEYRING_FILE"] = str(tmp_path / "keyring.json")
    code, stdout, stderr = cli.run_program("login", "--token-stdin", input=cli.registry.token)
    assert (code, stderr) == (0, "")
    assert "logged in to" in stdout
    assert cli.registry.token not in load_credentials(cli)
    assert cli.registry.token in (tmp_path / "keyring.json").read_text()
    code, stdout, stderr = cli.run_program("whoami")
    assert code == 0
    assert "from the keyring" in stderr
    cli.run_program("logout")
    assert cli.registry.token not in (tmp_path / "keyring.json").read_text()


@pytest.mark.processes
@pytest.mark.usefixtures("served")
def test_a_keyring_that_stores_nothing_is_detected(cli: Cli) -> None:
    cli.env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    code, _, stderr = cli.run_program("login", "--token-stdin", input=cli.registry.token)
    assert code == 0
    assert "no keyring is available" in stderr
    assert cli.registry.token in load_credentials(cli)


def test_a_rejected_token_is_not_stored(cli: Cli) -> None:
    result = cli.run("login", "--token-stdin", input="wrong-token-0123456789")
    assert result.exit_code == 4
    assert "wrong-token" not in result.output
    assert not (cli.home / "credentials.json").exists()


@pytest.mark.parametrize("text", ["", "short", "with blank in it\n", "zwölf-zwölf-zwölf"])
def test_an_invalid_token_is_not_printed(cli: Cli, text: str) -> None:
    result = cli.run("login", "--token-stdin", input=text)
    assert result.exit_code == 3
    assert not text.strip() or text.strip() not in result.output


def test_logging_in_needs_a_terminal_or_stdin(cli: Cli) -> None:
    result = cli.run("login")
    assert result.exit_code == 2
    assert "--token-stdin" in result.stderr


def test_tokens_are_stored_by_registry(cli: Cli) -> None:
    log_in(cli)
    elsewhere = cli.run("whoami", "--registry", "http://127.0.0.1:9")
    assert elsewhere.exit_code == 4
    assert "not logged in to `http://127.0.0.1:9`" in elsewhere.stderr


def test_logs_out(cli: Cli) -> None:
    log_in(cli)
    expected = {"registry": cli.registry.url, "loggedOut": True, "revoked": True}
    assert cli.json("logout") == expected
    assert cli.registry.token not in load_credentials(cli)
    assert cli.json("logout")["loggedOut"] is False
    assert cli.error(4, "whoami")["code"] == "not-logged-in"


def test_the_variable_overrides_the_stored_token(cli: Cli) -> None:
    log_in(cli)
    cli.env["PLUGPORT_TOKEN"] = "another-token-0123456789"
    assert cli.run("whoami").exit_code == 4
    cli.env["PLUGPORT_TOKEN"] = cli.registry.token
    assert cli.json("whoami")["tokenFrom"] == "environment"


def test_a_readable_credentials_file_is_made_private(cli: Cli) -> None:
    log_in(cli)
    (cli.home / "credentials.json").chmod(0o644)
    result = cli.ok("whoami")
    assert "readable by other users" in result.stderr
    mode = (cli.home / "credentials.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize("content", ["", "[]", '{"registries": []}', '{"registries": {"x": 1}}'])
def test_an_invalid_credentials_file_is_an_error(cli: Cli, content: str) -> None:
    cli.home.mkdir()
    (cli.home / "credentials.json").write_text(content)
    (cli.home / "credentials.json").chmod(0o600)
    assert cli.error(3, "whoami")["code"] == "broken-credentials"


def test_warns_about_a_token_without_encryption(cli: Cli) -> None:
    cli.env["PLUGPORT_TOKEN"] = "some-token-0123456789"
    cli.registry = RemoteRegistry("http://plugins.invalid")
    result = cli.run("whoami", "--registry", cli.registry.url)
    assert result.exit_code == 8
    assert "without encryption" in result.stderr


@pytest.mark.parametrize("flags", [(), ("--verbose",), ("--json",), ("--json", "--verbose")])
def test_a_token_is_never_printed(
    cli: Cli, registry: LocalRegistry, flags: tuple[str, ...]
) -> None:
    """Not even if a server repeats it in an error."""
    token = registry.token
    cli.env["PLUGPORT_TOKEN"] = token
    registry.faults.responses = [
        CannedResponse.from_problem(
            500, "oops", f"cannot handle Bearer {token}", hint=token, seen=[token]
        )
    ]
    result = cli.run("whoami", *flags)
    assert result.exit_code == 8
    assert "***" in result.output
    assert token not in result.output


def test_whoami_prints_the_user_name(cli: Cli) -> None:
    log_in(cli)
    assert cli.ok("whoami").stdout == f"{USERNAME}\n"


def test_a_response_without_a_user_is_an_error(cli: Cli, registry: LocalRegistry) -> None:
    cli.env["PLUGPORT_TOKEN"] = registry.token
    registry.faults.responses = [CannedResponse.from_json({"hello": "world"})]
    assert cli.error(8, "whoami")["code"] == "unexpected-answer"


@pytest.mark.processes
@pytest.mark.usefixtures("served")
def test_the_prompt_hides_the_token(cli: Cli) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **cli.env}
    child, terminal = pty.fork()
    if child == 0:
        given = {key: value for key, value in env.items() if value is not None}
        os.execve(sys.executable, [sys.executable, "-m", "plugport", "login", "--token"], given)
    shown = b""
    while b"token: " not in shown:
        shown += os.read(terminal, 4096)
    os.write(terminal, f"{cli.registry.token}\n".encode())
    # On Linux, reading a terminal whose other end is closed is an error, not an empty read.
    with contextlib.suppress(OSError):
        while chunk := os.read(terminal, 4096):
            shown += chunk
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    assert b"logged in to" in shown
    assert cli.registry.token.encode() not in shown
