"""Keep the objects that a running backup may name.

A backup takes a snapshot of the database and then copies the objects that the snapshot names. While
it runs, a moderator or a check may reject a release of the snapshot. Its object must stay until the
backup ends: `discard_package` leaves it, and the sweeper removes it later.

A published package needs no hold. Its quarantined copy may be deleted, but the copy under its digest
stays.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import uuid
from collections.abc import Iterator

from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.utils import timezone

from registry.jobs.last_runs import record_run
from registry.models import LastRun

_PREFIX = "hold:"
# The hold of a backup that was killed ends after this time. Clocks of machines may differ by less.
HOLD_SECONDS = 120
_RENEWAL_SECONDS = 20


@contextlib.contextmanager
def hold_deletions() -> Iterator[None]:
    """Keep all objects of rejected releases until the end of the block, on all machines.

    Take the snapshot inside the block. A thread renews the hold.
    """
    name = f"{_PREFIX}{uuid.uuid4().hex}"
    _list_holds(is_live=False).delete()
    record_run(name)
    done = threading.Event()
    thread = threading.Thread(target=_renew_periodically, args=(name, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        LastRun.objects.filter(name=name).delete()


def has_deletion_hold() -> bool:
    """Whether a backup runs. 1 query."""
    return _list_holds(is_live=True).exists()


def _list_holds(*, is_live: bool) -> QuerySet[LastRun]:
    now, limit = timezone.now(), dt.timedelta(seconds=HOLD_SECONDS)
    holds = LastRun.objects.filter(name__startswith=_PREFIX)
    # A time in the far future was written by a machine whose clock was wrong.
    live = {"at__gt": now - limit, "at__lt": now + limit}
    return holds.filter(**live) if is_live else holds.exclude(**live)


def _renew_periodically(name: str, done: threading.Event) -> None:
    while not done.wait(_RENEWAL_SECONDS):
        # The next renewal tries again; an object that is deleted meanwhile fails the backup.
        with contextlib.suppress(DatabaseError):
            record_run(name)
    # Django opens a connection per thread, and no request closes that of this one.
    connection.close()
