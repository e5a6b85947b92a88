"""The places between two steps of publishing at which a process may die.

What is promised for a crash at any of them (REL-5, REL-6) can only be shown by dying there. So
the pipeline says where it is, and a test run may ask it to end: with `PLUGPORT_ENV=test` and
points in `PLUGPORT_CRASH_AT` (comma-separated) the process that reaches one kills itself by
SIGKILL, as the kernel or an operator would, without a chance to tidy up. Each point kills once
a data folder, so that whoever comes after the crash can be watched finishing. Anywhere else
`reach` does nothing.
"""

from __future__ import annotations

import os
import signal
from enum import StrEnum
from pathlib import Path

from django.conf import settings


class Point(StrEnum):
    """Where publishing can be cut off, in the order in which it passes."""

    RECEIVED = "received"
    """The bytes are in scratch, nothing else is written."""
    QUARANTINED = "quarantined"
    """The object is on storage, and only its upload row knows."""
    RECORDED = "recorded"
    """The release is committed; the publisher has no answer and no worker was woken."""
    CHECKING = "checking"
    """A check is marked as running and has no result."""
    CHECKED = "checked"
    """Every check has its result; nothing is decided."""
    PROMOTED = "promoted"
    """The object lies under its digest; the release is not public."""
    PUBLISHED = "published"
    """The release is public; its object is still in quarantine, too."""
    DECIDED = "decided"
    """The verdict is carried out and the job off the list; the next was not taken yet."""


def reach(point: Point) -> None:
    """End this process here if the test run asks for it and it was not done yet."""
    if settings.ENVIRONMENT != "test":
        return
    asked = os.environ.get("PLUGPORT_CRASH_AT", "").split(",")
    if point in asked and _is_first(point):
        os.kill(os.getpid(), signal.SIGKILL)


def _is_first(point: Point) -> bool:
    """Whether nobody died at the point yet; from now on somebody did."""
    mark = Path(settings.DATA_DIR) / f"crashed-{point}"
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
