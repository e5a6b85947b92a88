"""A data folder that cannot be used ends a command with one line that names the variable."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.backends import build_database_settings, prepare_data_dir
from tests.support.server import find_free_port

ROOT = Path(__file__).parents[2]
SERVICES = {
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "PLUGPORT_REDIS_URL": "redis://127.0.0.1:1/0",
    "PLUGPORT_SECRET_KEY": "a key",
}

pytestmark = pytest.mark.processes


def test_a_new_folder_is_for_its_account_only(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "above" / "new"
    old.mkdir()
    old.chmod(0o755)
    for folder in (old, new):
        prepare_data_dir(folder)
    assert (old.stat().st_mode & 0o777, new.stat().st_mode & 0o777) == (0o755, 0o700)


def run_command(folder: Path, *args: str, **variables: str) -> tuple[int, str]:
    """Run `manage.py`; returns the exit code and stderr. `serve` listens on a free port."""
    environment = {
        **{name: value for name, value in os.environ.items() if name not in SERVICES},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PLUGPORT_ENV": "local",
        "PLUGPORT_DATA_DIR": str(folder),
        "PORT": str(find_free_port()),
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "manage.py", *args],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("variables", [{}, {"PLUGPORT_SECRET_KEY": "a key"}])
def test_migrate_names_the_folder_and_the_reason(tmp_path: Path, variables: dict[str, str]) -> None:
    folder = tmp_path / "file"
    folder.touch()
    code, text = run_command(folder, "migrate", **variables)
    reason = "This folder cannot be created: File exists."
    assert (code, text) == (1, f"error: PLUGPORT_DATA_DIR is `{folder}`. {reason}\n")


@pytest.mark.parametrize("variables", [{}, SERVICES])
def test_serve_names_the_folder_even_if_all_data_is_in_services(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "data"
    code, text = run_command(folder, "serve", **variables)
    reason = "This folder cannot be created: Not a directory."
    assert (code, text) == (1, f"error: PLUGPORT_DATA_DIR is `{folder}`. {reason}\n")


def test_other_invalid_settings_are_one_line_too(tmp_path: Path) -> None:
    code, text = run_command(tmp_path, "migrate", PORT="none")
    assert (code, text) == (1, "error: PORT is `none`. Allowed: an integer of at least 1.\n")
    code, text = run_command(tmp_path, "migrate", "--traceback", PORT="none")
    assert code == 1
    assert text.startswith("Traceback")


@pytest.fixture
def _without_root() -> Iterator[None]:
    """Root may write to every folder: the test runs as `nobody` then."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    yield
    os.seteuid(user)


@pytest.mark.usefixtures("_without_root")
def test_a_folder_without_write_permission_is_refused() -> None:
    # Not `tmp_path`: another account cannot enter its parents.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o500)
        with pytest.raises(ImproperlyConfigured, match="cannot be written"):
            prepare_data_dir(Path(folder))


def test_sqlite_creates_the_folder(tmp_path: Path) -> None:
    build_database_settings("", tmp_path / "new" / "data")
    assert (tmp_path / "new" / "data").is_dir()
