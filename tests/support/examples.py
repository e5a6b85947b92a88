"""The number of examples of a property test that needs more or fewer than others."""

from __future__ import annotations

from hypothesis import settings


def try_examples(full: int) -> settings:
    """Try `full` examples in the profile `full`, and proportionally fewer in `quick`."""
    return settings(max_examples=full * settings.default.max_examples // 100)
