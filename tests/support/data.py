"""Where the real-world test data is, and what happens when it is not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("PLUGPORT_TEST_DATA", ROOT.parent / "shared" / "data"))


def shared_data(*parts: str) -> Path:
    """The path of a file or folder of the test data; skips the test where there is none.

    In CI nothing may be skipped: there a missing folder fails the test.
    """
    path = DATA.joinpath(*parts)
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"test data `{'/'.join(parts)}` is missing in CI")
        pytest.skip(f"test data `{'/'.join(parts)}` is not beside the project")
    return path
