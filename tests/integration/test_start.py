"""What every process of the registry imports at its start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.processes.harness import build_environment
from tests.support.data import ROOT

# Of the API, the pages and the HTTP client: together as slow to import as all the rest.
ONLY_WHERE_USED = ("drf_spectacular.utils", "psycopg", "httpx", "PIL", "config.urls")
_PROGRAM = f"""
import sys, django
django.setup()
print([name for name in {ONLY_WHERE_USED} if name in sys.modules])
"""


@pytest.mark.processes
def test_the_worker_and_commands_start_without_the_libraries_of_the_web(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=ROOT,
        env=build_environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
