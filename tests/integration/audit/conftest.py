"""A data folder for each test, with the key of the instance and the heads of the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings: Any) -> Path:
    """The data folder."""
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path / "data"
