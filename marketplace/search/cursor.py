"""How far the index is, and the right to write it."""

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
    """The right of this thread to write the index of one engine; `serial` is how far it is."""

    engine: str
    holder: str
    serial: int

    def advance(self, serial: int) -> None:
        """Note that every entry up to `serial` is in the index. Raises `IndexBusyError`."""
        self._update(serial=serial, indexed_at=timezone.now())
        self.serial = serial

    def renew(self) -> None:
        """Hold it for longer. Raises `IndexBusyError` if somebody else has it by now."""
        self._update()

    @contextlib.contextmanager
    def keep_alive(self) -> Iterator[None]:
        """Renew it now and then from a thread: for what may take longer than the lease."""
        done = threading.Event()
        thread = threading.Thread(target=self._renew_often, args=(done,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _renew_often(self, done: threading.Event) -> None:
        while not done.wait(LEASE_SECONDS / 3):
            # Whoever lost the lease is told when it notes how far it is.
            with contextlib.suppress(IndexBusyError, DatabaseError):
                self.renew()
        connection.close()

    def _update(self, **values: object) -> None:
        values["leased_until"] = timezone.now() + dt.timedelta(seconds=LEASE_SECONDS)
        held = SearchCursor.objects.filter(engine=self.engine, lease_holder=self.holder)
        if not held.update(**values):
            raise IndexBusyError("Another process has taken the search index over.")


@contextlib.contextmanager
def hold_lease(engine: str) -> Iterator[Lease]:
    """Become the one who writes. Raises `IndexBusyError` while another does."""
    cursor, _ = SearchCursor.objects.get_or_create(engine=engine)
    now = timezone.now()
    holder = f"{_get_process()}/{secrets.token_hex(4)}"
    free = Q(lease_holder="") | Q(leased_until__lte=now)
    if cursor.lease_holder and _is_dead(cursor.lease_holder):
        free |= Q(lease_holder=cursor.lease_holder)
    until = now + dt.timedelta(seconds=LEASE_SECONDS)
    if not SearchCursor.objects.filter(free, engine=engine).update(
        lease_holder=holder, leased_until=until
    ):
        raise IndexBusyError("Another process writes the search index.")
    try:
        yield Lease(engine, holder, get_serial(engine))
    finally:
        SearchCursor.objects.filter(engine=engine, lease_holder=holder).update(lease_holder="")


def get_serial(engine: str) -> int:
    """How far the index is; 0 if it was never written."""
    found = SearchCursor.objects.filter(engine=engine).values_list("serial", flat=True).first()
    return found or 0


def _get_process() -> str:
    return f"{socket.gethostname()}/{os.getpid()}"


def _is_dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that has ended: no need to wait for it."""
    host, _, rest = holder.partition("/")
    number = rest.partition("/")[0]
    if host != socket.gethostname() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
