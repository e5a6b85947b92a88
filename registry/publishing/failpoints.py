"""Fail points: places between two steps of publishing where crash tests kill the process.

The promises about crashes (REL-5, REL-6) can only be tested by crashing. With `PLUGPORT_ENV=test`
and fail points in `PLUGPORT_CRASH_AT` (comma-separated), a process that reaches one of them kills
itself with SIGKILL, as the kernel's OOM killer would, without any cleanup. Each point kills once
per data folder, so that the test can watch the next process recover. In any other environment
`hit` does nothing.
"""

from __future__ import annotations

import os
import signal
from enum import StrEnum
from pathlib import Path

from django.conf import settings


class FailPoint(StrEnum):
    """Where publishing can be interrupted, in the order of the pipeline."""

    RECEIVED = "received"
    """The bytes are in scratch; nothing else is written."""
    QUARANTINED = "quarantined"
    """The object is in quarantine; only its upload row names it."""
    RECORDED = "recorded"
    """The release is committed; the response is not sent and no worker is notified."""
    CHECKING = "checking"
    """A check is marked as running and has no result."""
    CHECKED = "checked"
    """Every check has a result; nothing is decided."""
    PROMOTED = "promoted"
    """The object is stored under its digest; the release is not public."""
    PUBLISHED = "published"
    """The release is public; its object is also still in quarantine."""
    DECIDED = "decided"
    """The verdict is applied and the job deleted; the next job is not leased yet."""


def hit(point: FailPoint) -> None:
    """Kill this process if the test run names this point and no process was killed at it yet.

    A file in the data folder, `crash-always-<point>`, kills every process that reaches the point.
    """
    if settings.ENVIRONMENT != "test":
        return
    active = os.environ.get("PLUGPORT_CRASH_AT", "").split(",")
    is_permanent = (Path(settings.DATA_DIR) / f"crash-always-{point}").exists()
    if point in active and (is_permanent or _create_marker(point)):
        os.kill(os.getpid(), signal.SIGKILL)


def _create_marker(point: FailPoint) -> bool:
    """Create the point's marker file; False if it exists."""
    marker = Path(settings.DATA_DIR) / f"crashed-{point}"
    try:
        # Exclusive creation is atomic: of two processes at the same point one is killed.
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
