"""Answers that are given again as long as the index stays as it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class KeptAnswers(Generic[T]):
    """The last `most` answers by question. Safe for threads: at worst something is asked twice."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: dict[Hashable, T] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The answer that was given before, or the one that is made now."""
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = make()
            while len(self._answers) > self._most:
                # The oldest; another thread may have been quicker.
                with contextlib.suppress(StopIteration, RuntimeError):
                    self._answers.pop(next(iter(self._answers)), None)
        return answer

    def clear(self) -> None:
        """Forget all of them."""
        self._answers.clear()
