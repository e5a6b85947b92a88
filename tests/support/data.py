"""The path of the real-world test data; tests without it are skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("PLUGPORT_TEST_DATA", ROOT.parent / "shared" / "data"))


def shared_data(*parts: str) -> Path:
    """Return the path of a file or folder of the test data; skip the test if it does not exist.

    In CI a missing folder fails the test instead.
    """
    path = DATA.joinpath(*parts)
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"test data `{'/'.join(parts)}` is missing in CI")
        pytest.skip(f"test data `{'/'.join(parts)}` is missing next to the project")
    return path
