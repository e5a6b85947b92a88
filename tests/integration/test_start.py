"""What every process of the registry imports at its start, and what it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.harness import build_environment
from tests.support.data import ROOT

# Of the API, the pages and the HTTP client: together as slow to import as all the rest.
ONLY_WHERE_USED = ("drf_spectacular.utils", "psycopg", "httpx", "PIL", "config.urls")
# Of SCIM, with the libraries that it alone uses: 17 MB, which load with the first request of a provider.
ONLY_FOR_SCIM = ("scim2_models", "pydantic", "lark", "accounts.api.scim.users")
_PROGRAM = f"""
import sys, django
django.setup()
print([name for name in {ONLY_WHERE_USED} if name in sys.modules])
"""
_WEB_PROGRAM = f"""
import sys, config.wsgi
print([name for name in {ONLY_FOR_SCIM} if name in sys.modules], "config.urls" in sys.modules)
"""


@pytest.mark.processes
def test_the_worker_and_commands_start_without_the_libraries_of_the_web(tmp_path) -> None:
    assert _run(_PROGRAM, tmp_path) == "[]"


@pytest.mark.processes
def test_a_web_process_starts_without_the_libraries_of_scim(tmp_path) -> None:
    # It has loaded its pages, and none of the names.
    assert _run(_WEB_PROGRAM, tmp_path) == "[] True"


def _run(program: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=build_environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
