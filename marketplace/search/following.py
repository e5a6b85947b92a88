"""Following the journal while other work goes on.

A thread of each worker process looks once a second whether the journal has grown, and at once
when this process made it grow. So a published plugin is found a moment later even while the
worker is busy with the next package, and no message of the queue is needed for it. Which process
does the writing does not matter: the lease lets one at a time.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import structlog
from celery.signals import worker_process_init
from django.db import close_old_connections

from marketplace.search import indexer
from marketplace.search.errors import SearchUnavailableError

_log = structlog.get_logger("plugport.search")
LOOK_SECONDS = 1.0
PAUSE_SECONDS = 5.0
# Changes that come together are indexed together: a round costs four commits, however many it has.
GATHER_SECONDS = 0.2
_news = threading.Event()
_follower: int | None = None


def start(**_kwargs: Any) -> None:
    """Start following in this process, unless it does already."""
    global _follower  # noqa: PLW0603 -- one thread a process is the point
    if _follower != os.getpid():
        _follower = os.getpid()
        threading.Thread(target=_follow, name="search-follower", daemon=True).start()


def notice(**_kwargs: Any) -> None:
    """The journal of this process has grown: if it follows, it looks now.

    Other processes send no message: whoever follows looks within a second, and an edit should
    not wait for a queue that is away.
    """
    _news.set()


def _follow() -> None:
    while True:
        pause = LOOK_SECONDS
        try:
            indexer.index_changes()
        except SearchUnavailableError as error:
            _log.warning("index_waits", reason=error.code, detail=error.detail)
            pause = PAUSE_SECONDS
        except Exception:  # noqa: BLE001 -- logged; the journal keeps what is to be done
            _log.exception("index_failed")
            pause = PAUSE_SECONDS
        close_old_connections()
        if _news.wait(pause):
            time.sleep(GATHER_SECONDS)
        _news.clear()


worker_process_init.connect(start, weak=False)
