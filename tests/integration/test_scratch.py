"""Scratch folders exist as long as their process, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.storage.scratch import (
    create_scratch_file,
    get_process_folder,
    open_scratch_folder,
    sweep_scratch,
)
from tests.support.data import ROOT

_HOLDER = """
import sys
from pathlib import Path
import django; django.setup()
from django.conf import settings
settings.SCRATCH_DIR = Path(sys.argv[1])
from registry.storage.scratch import create_scratch_file
print(create_scratch_file().parent, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(settings: Any) -> Iterator[subprocess.Popen[str]]:
    """Another process with a scratch file, alive until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(settings.SCRATCH_DIR)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.processes
def test_only_the_folder_of_a_dead_process_is_removed(other: subprocess.Popen[str]) -> None:
    assert other.stdout is not None
    folder = Path(other.stdout.readline().strip())
    mine = create_scratch_file()
    assert folder.is_dir()
    assert sweep_scratch() == 0
    other.kill()
    other.wait()
    assert sweep_scratch() == 1
    assert not folder.exists()
    assert mine.is_file()


def test_an_old_unlocked_folder_is_removed(settings: Any) -> None:
    folder = Path(settings.SCRATCH_DIR) / ".new-1-abc"
    folder.mkdir(parents=True)
    assert sweep_scratch() == 0
    age = settings.LEASE_SECONDS + 1
    os.utime(folder, (folder.stat().st_atime, folder.stat().st_mtime - age))
    assert sweep_scratch() == 1
    assert not folder.exists()


def test_a_partly_removed_folder_is_removed(settings: Any) -> None:
    folder = Path(settings.SCRATCH_DIR) / "1-abc"
    (folder / "deep").mkdir(parents=True)
    assert sweep_scratch() == 1
    assert not folder.exists()


def test_a_process_has_one_folder_of_its_own() -> None:
    folder = get_process_folder()
    assert get_process_folder() == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert create_scratch_file() != create_scratch_file()


def test_a_scratch_folder_is_removed_even_after_an_error() -> None:
    folders = []

    def break_inside() -> None:
        with open_scratch_folder() as folder:
            (folder / "file").write_text("x")
            folders.append(folder)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_inside()
    assert not folders[0].exists()


def test_a_child_process_gets_its_own_folder() -> None:
    mine = get_process_folder()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(get_process_folder()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    theirs = Path(os.read(reader, 4096).decode())
    os.close(reader)
    assert theirs != mine
    assert sweep_scratch() == 1
    assert mine.is_dir()
    assert not theirs.exists()
