"""The threads of a web process."""

from __future__ import annotations

import os

from django.conf import settings


def count_web_threads() -> int:
    """How many requests a web process serves at the same time."""
    # Requests that wait for checks and for images each occupy a thread; two are left for others.
    needed = settings.MAX_WAITING + settings.MAX_WAITING_IMAGES + 2
    return min(12, max(needed, 2 * (os.cpu_count() or 1) + 1))
