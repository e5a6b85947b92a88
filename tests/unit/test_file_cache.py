"""The cache in which processes count together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from common.file_cache import SharedFileCache


def test_one_of_many_adds_a_key(tmp_path: Path) -> None:
    """Each caller has its own instance, as processes have."""
    barrier = Barrier(8)

    def add(number: int) -> int:
        cache = SharedFileCache(str(tmp_path), {})
        added = 0
        for key in range(20):
            barrier.wait()
            added += cache.add(str(key), number, timeout=60)
        return added

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add, range(8))) == 20


def test_keys_can_be_added_again(tmp_path: Path) -> None:
    """After they were deleted or expired, and after the folder was removed."""
    cache = SharedFileCache(str(tmp_path / "cache"), {})
    assert cache.add("key", 1, timeout=60)
    assert not cache.add("key", 2, timeout=60)
    cache.delete("key")
    assert cache.add("key", 3, timeout=-1)
    assert cache.add("key", 4, timeout=60)
    assert cache.get("key") == 4
    for path in (tmp_path / "cache").iterdir():
        path.unlink()
    (tmp_path / "cache").rmdir()
    assert cache.add("key", 5, timeout=60)
