"""Results of expensive computations: from the disk, else computed once.

    load_or_compute(key, function, load_arguments)

The key is a digest of everything that the result depends on, so that entries need no invalidation.
Each web process computes a result at most once at a time, and looks for the result of another
process before it starts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import pickle
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings

from common.disk_cache import DiskCache
from common.expensive.pool import ProcessPool
from common.once import built_once

T = TypeVar("T")

# In one web process: requests that compute or wait, each in a thread.
MAX_PENDING = 3
# The newest keys whose arguments were not cheap, so that a request that is refused loads no megabytes.
_expensive_keys: dict[str, None] = {}
_MAX_KEYS = 1_000
_keys_lock = threading.Lock()


@built_once
def get_result_cache() -> DiskCache:
    """The results on the disk of this machine, also with Redis: they have up to megabytes each."""
    return DiskCache(Path(settings.RESULT_CACHE_DIR), settings.RESULT_CACHE_BYTES)


@built_once
def get_pool() -> ProcessPool:
    """The child process of this process, started when it is first used."""
    return ProcessPool(max_pending=MAX_PENDING)


def load_or_compute(
    key: str,
    function: Callable[..., T],
    load_arguments: Callable[[], tuple[Any, ...]],
    *,
    is_cheap: Callable[..., bool],
) -> T:
    """The result of the function, which is a public one of a module without Django.

    Without a stored result the arguments are loaded. If they are cheap, this thread computes, and
    nothing is stored. Raises `ServerBusyError` if enough threads wait for a computation already, or
    if it takes more than `settings.COMPUTATION_SECONDS`.
    """
    found, result = _load(key)
    if found:
        return result  # type: ignore[no-any-return] # stored below
    arguments = None
    if key not in _expensive_keys:
        arguments = load_arguments()
        if is_cheap(*arguments):
            return function(*arguments)
        _remember_expensive(key)
    pool, seconds = get_pool(), settings.COMPUTATION_SECONDS
    with pool.turns.take(max_seconds=seconds):
        # Another thread or process may have computed it meanwhile.
        found, result = _load(key)
        if not found:
            result = pool.compute(function, arguments or load_arguments(), seconds=seconds)
            get_result_cache().put(key, pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
    return result  # type: ignore[no-any-return]


def _remember_expensive(key: str) -> None:
    with _keys_lock:
        _expensive_keys[key] = None
        if len(_expensive_keys) > _MAX_KEYS:
            del _expensive_keys[next(iter(_expensive_keys))]


def _load(key: str) -> tuple[bool, Any]:
    """Whether a result is stored, and the result."""
    value = get_result_cache().get(key)
    if value is not None:
        # A file that another version of the code wrote is as good as none.
        with contextlib.suppress(Exception):
            return True, pickle.loads(value)  # noqa: S301 -- only processes of the registry write it
    return False, None


def build_key(*facts: object) -> str:
    """A key from JSON values."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@cache
def get_code_digest(*paths: str) -> str:
    """A digest of the Python files and folders, to be part of keys: new code has new results."""
    digest = hashlib.sha256()
    for path in map(Path, paths):
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()
