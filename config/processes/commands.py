"""The command lines of the registry's processes on one machine, from this Python environment."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from django.conf import settings

from plugport.spec.text import quote_text

_FOLDER = Path(sys.executable).parent


def parse_count(text: str) -> int:
    """The number of processes, at least 1. Raises `argparse.ArgumentTypeError`."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{quote_text(text)} is not a number of processes from 1.")
    return int(text)


def build_web_command(host: str, workers: int) -> list[str]:
    """The web server with `workers` processes that serve requests."""
    # Requests that wait for checks and for images each occupy a thread; two are left for others.
    needed = settings.MAX_WAITING + settings.MAX_WAITING_IMAGES + 2
    threads = min(12, max(needed, 2 * (os.cpu_count() or 1) + 1))
    options = (
        f"--interface wsgi config.wsgi:application --host {host} --port {settings.PORT}"
        f" --workers {workers} --blocking-threads {threads} --backpressure 64 --no-ws"
        " --log-level warning --respawn-failed-workers --workers-kill-timeout 10"
    )
    return [str(_FOLDER / "granian"), *options.split()]


def build_worker_command() -> list[str]:
    """One worker. Run the command several times to run several jobs at once."""
    options = (
        "--app config.celery --quiet worker --loglevel warning --without-gossip --without-mingle"
    )
    return [str(_FOLDER / "celery"), *options.split()]


def build_variables() -> dict[str, str]:
    """The environment variables of the processes, in addition to those of this process."""
    return {
        "PLUGPORT_DATA_DIR": str(settings.DATA_DIR),
        # The worker would run all system checks, which imports the pages that it never serves.
        "CELERY_SKIP_CHECKS": "1",
    }
