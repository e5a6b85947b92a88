"""The position of the index in the journal, and the lease of the one process that writes it."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError, connection
from django.db.models import Q
from django.utils import timezone

from marketplace.models import SearchCursor
from marketplace.search.errors import IndexBusyError

LEASE_SECONDS = 30


@dataclass(slots=True)
class Lease:
    """Permission to write the index of one engine, which has every journal entry up to `serial`."""

    engine: str
    holder: str
    serial: int

    def advance(self, serial: int) -> None:
        """Store that every entry up to `serial` is indexed. Raises `IndexBusyError`."""
        self._update(serial=serial, indexed_at=timezone.now())
        self.serial = serial

    def renew(self) -> None:
        """Extend the lease. Raises `IndexBusyError` if another process took it over."""
        self._update()

    @contextlib.contextmanager
    def renew_in_background(self) -> Iterator[None]:
        """Extend the lease from a thread, for work that may take longer than the lease."""
        done = threading.Event()
        thread = threading.Thread(target=self._renew_periodically, args=(done,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _renew_periodically(self, done: threading.Event) -> None:
        while not done.wait(LEASE_SECONDS / 3):
            # If the lease is lost, `advance` raises at the end of the work.
            with contextlib.suppress(IndexBusyError, DatabaseError):
                self.renew()
        # Django opens a connection per thread, and no request closes that of this one.
        connection.close()

    def _update(self, **values: object) -> None:
        # One statement checks the holder and writes, so a process that lost its lease while it was
        # suspended cannot move the cursor back.
        values["leased_until"] = timezone.now() + dt.timedelta(seconds=LEASE_SECONDS)
        own_row = SearchCursor.objects.filter(engine=self.engine, lease_holder=self.holder)
        if not own_row.update(**values):
            raise IndexBusyError("Another process has taken over the search index.")


@contextlib.contextmanager
def acquire_lease(engine: str) -> Iterator[Lease]:
    """Hold the lease until the end of the block. Raises `IndexBusyError` if another process does."""
    cursor, _ = SearchCursor.objects.get_or_create(engine=engine)
    now = timezone.now()
    holder = f"{_get_process_name()}/{secrets.token_hex(4)}"
    is_free = Q(lease_holder="") | Q(leased_until__lte=now)
    if cursor.lease_holder and _is_dead(cursor.lease_holder):
        is_free |= Q(lease_holder=cursor.lease_holder)
    until = now + dt.timedelta(seconds=LEASE_SECONDS)
    if not SearchCursor.objects.filter(is_free, engine=engine).update(
        lease_holder=holder, leased_until=until
    ):
        raise IndexBusyError("Another process is writing the search index.")
    try:
        # Read again: the previous holder may have advanced since `cursor` was read.
        yield Lease(engine, holder, get_serial(engine))
    finally:
        # Only this lease: another process may have taken the index over.
        SearchCursor.objects.filter(engine=engine, lease_holder=holder).update(lease_holder="")


def get_serial(engine: str) -> int:
    """The last indexed serial; 0 if the index was never written."""
    serial = SearchCursor.objects.filter(engine=engine).values_list("serial", flat=True).first()
    return serial or 0


def _get_process_name() -> str:
    return f"{socket.gethostname()}/{os.getpid()}"


def _is_dead(holder: str) -> bool:
    """Whether the holder is a process of this machine that has ended.

    Its lease is free at once, so that a restart need not wait for the lease to expire.
    """
    host, _, rest = holder.partition("/")
    number = rest.partition("/")[0]
    if host != socket.gethostname() or not number.isdecimal():
        return False
    try:
        # Signal 0 only checks that the process exists (kill(2)).
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        # No permission to signal it, so it exists.
        return False
    return False
