"""Values that are built once for each process, also when threads ask for them at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class BuiltOnce(Generic[P, T]):
    """What `built_once` returns: the function, and `cache_clear` for tests that change a setting."""

    def __init__(self, build: Callable[P, T]) -> None:
        self._build = build
        self._values: dict[object, T] = {}
        # Reentrant: building a value may need another one of the same function.
        self._lock = threading.RLock()
        wraps(build)(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """The value for the arguments, which are hashable. Waits while another thread builds one."""
        key = (args, tuple(sorted(kwargs.items())))
        try:
            return self._values[key]
        except KeyError:
            with self._lock:
                if key not in self._values:
                    self._values[key] = self._build(*args, **kwargs)
                return self._values[key]

    def cache_clear(self) -> None:
        """Forget all values."""
        with self._lock:
            self._values.clear()


def built_once(build: Callable[P, T]) -> BuiltOnce[P, T]:
    """Like `functools.cache`, but only one thread builds: the others wait for its value.

    For what has one instance in each process, and for libraries whose set-up is not thread-safe.
    """
    return BuiltOnce(build)
