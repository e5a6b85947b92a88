"""Commands and servers that cannot start say why in one line, and what to run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.processes.harness import build_environment
from tests.support.data import ROOT
from tests.support.server import find_free_port

pytestmark = pytest.mark.processes

_BIN = Path(sys.executable).parent
_MANAGE = [sys.executable, "manage.py"]
_WEB = [str(_BIN / "granian"), "--interface", "wsgi", "config.wsgi:application"]
_WORKER = [str(_BIN / "celery"), "--app", "config.celery", "worker"]
_APPS = ("accounts", "bench", "config", "marketplace", "registry")
# Every own command that needs the tables, and one of each kind of Django's.
_ARGUMENTS: dict[str, list[list[str]]] = {
    "backup": [["unused"]],
    "changepassword": [["acme"]],
    "create_token": [["acme"]],
    "import_marketplace": [[".", "--scope", "acme"]],
    "load_demo": [[]],
    "make_catalogue": [["5"]],
    "run_web": [[]],
    "account_groups": [["acme", "moderator"]],
    "break_glass": [["acme"]],
    "reserve_prefix": [["acme"]],
    "suspend_account": [["acme", "--reason", "spam"]],
    "link_sso": [["acme", "corp", "subject"]],
    "remove_second_factors": [["acme"]],
    "relax_organization": [["acme"]],
    "verify_audit": [[]],
    "run_workers": [[]],
    "search": [["status"], ["rebuild"], ["popular"], ["missed"]],
    "createsuperuser": [["--noinput", "--username", "acme", "--email", "a@example.org"]],
    "clearsessions": [[]],
}
# These create the tables, or need none.
_WITHOUT_TABLES = {"build_client", "restore", "serve"}


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done


def test_every_own_command_is_tried() -> None:
    own = {name for name, app in get_commands().items() if app in _APPS}
    assert own == (_ARGUMENTS.keys() & own) | _WITHOUT_TABLES


@pytest.mark.parametrize("name", _ARGUMENTS)
def test_a_command_before_the_first_migration_says_what_to_run(name: str, tmp_path: Path) -> None:
    for arguments in _ARGUMENTS[name]:
        done = _run([*_MANAGE, name, *arguments], build_environment(tmp_path))
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert "rror: The database is not ready: " in line
        assert re.search(r"it lacks migrations \(\d+\)\. Run `manage\.py migrate` first\.$", line)


def test_a_command_without_a_database_server_names_the_reason(tmp_path: Path) -> None:
    url = f"postgres://acme:hidden@127.0.0.1:{find_free_port()}/registry"
    done = _run([*_MANAGE, "migrate"], build_environment(tmp_path, DATABASE_URL=url))
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith("error: The database cannot be used: ")
    assert line.endswith(". Check DATABASE_URL.")
    assert "hidden" not in done.stderr


def test_a_database_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "plugport.sqlite3").write_bytes(b"not a database" * 1000)
    done = _run([*_MANAGE, "create_token", "acme"], build_environment(tmp_path))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: The database cannot be used: file is not a database. Check PLUGPORT_DATA_DIR."
    ]


def test_the_option_traceback_shows_the_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [*_MANAGE, "create_token", "acme", "--traceback"],
        cwd=ROOT,
        env=build_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        pytest.param([*_MANAGE, "migrate"], id="manage.py"),
        pytest.param([*_MANAGE, "serve"], id="serve"),
        pytest.param(_WEB, id="web"),
        pytest.param(_WORKER, id="worker"),
    ],
)
def test_a_missing_secret_key_is_named_in_one_line(command: list[str], tmp_path: Path) -> None:
    environment = build_environment(tmp_path, PLUGPORT_ENV="production", PORT=str(find_free_port()))
    done = _run(command, {**environment, "GRANIAN_PORT": str(find_free_port())})
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: PLUGPORT_SECRET_KEY (or PLUGPORT_SECRET_KEY_FILE) is not set. ")


def test_a_closed_output_is_no_error(tmp_path: Path) -> None:
    done = _run(["sh", "-c", f"{sys.executable} manage.py help >&-"], build_environment(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_ends_first_is_named(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*_MANAGE, "help"],
        cwd=ROOT,
        env=build_environment(tmp_path),
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=120,
    )
    os.close(writer)
    assert done.returncode == 1
    assert done.stderr == "error: The output was closed before the command ended.\n"


def test_characters_that_the_output_lacks_are_escaped(tmp_path: Path) -> None:
    environment = build_environment(
        tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii"
    )
    done = _run([*_MANAGE, "shell", "--no-imports", "-c", "print(chr(233))"], environment)
    assert (done.returncode, done.stdout) == (0, "\\xe9\n")
