"""The secret key that a registry generates."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from stat import S_IMODE

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.backends import load_secret_key

pytestmark = pytest.mark.processes


def test_concurrent_starts_share_one_complete_key(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        for folder in folders:
            keys = set(
                pool.map(lambda f: load_secret_key("", f, is_production=False), [folder] * 8)
            )
            assert len(keys) == 1
            assert len(keys.pop()) > 50
            assert [path.name for path in folder.iterdir()] == ["secret_key"]
            assert S_IMODE((folder / "secret_key").stat().st_mode) == 0o600


def test_production_requires_a_key(tmp_path: Path) -> None:
    assert load_secret_key("given", tmp_path, is_production=True) == "given"
    with pytest.raises(ImproperlyConfigured, match="PLUGPORT_SECRET_KEY"):
        load_secret_key("", tmp_path, is_production=True)
