"""The position of the index in the journal, and the lease of the one process that writes it."""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError, connection
from django.db.models import Q
from django.utils import timezone

from common.processes.process_names import build_process_name, is_process_dead
from marketplace.models import SearchCursor
from marketplace.search.errors import IndexBusyError
from marketplace.search.position import IndexPosition
from registry.change_counter import count_change

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

    def follow(self, position: IndexPosition) -> None:
        """Continue at the position of the index instead of the stored one.

        An older index has older download counts, too. Raises `IndexBusyError`.
        """
        if position.serial < self.serial:
            # Counts are indexed some minutes after the downloads of a day.
            counted_at = position.time and position.time - dt.timedelta(days=1)
            self._update(serial=position.serial, counted_at=counted_at)
        else:
            self._update(serial=position.serial)
        self.serial = position.serial

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
    holder = f"{secrets.token_hex(4)}:{build_process_name()}"
    is_free = Q(lease_holder="") | Q(leased_until__lte=now)
    # So that a restart need not wait until the lease expires.
    if is_process_dead(cursor.lease_holder.partition(":")[2]):
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


def record_comparison(engine: str, *, repaired: int) -> None:
    """Store that all documents were compared now, and how many were repaired.

    Counts a public change: what searches found before may have been wrong.
    """
    SearchCursor.objects.filter(engine=engine).update(compared_at=timezone.now(), repaired=repaired)
    count_change()


def is_comparison_due(engine: str, *, interval_seconds: float) -> bool:
    """Whether the last comparison is at least that old, or there was none."""
    since = timezone.now() - dt.timedelta(seconds=interval_seconds)
    return not SearchCursor.objects.filter(engine=engine, compared_at__gt=since).exists()
