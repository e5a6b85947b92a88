"""Sends sealed entries to a syslog server: RFC 5424 over TLS (RFC 5425), at least once.

Syslog has no acknowledgments: what was written to a connection that then broke may be lost. So a new
connection starts with the last 1,000 entries, and with all that were sent in the last minute, again.
Receivers tell repeated ones by `id`. One worker sends at a time.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import socket
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.audit.formats import build_event, format_syslog
from accounts.models import AuditEntry, AuditForwarding, AuditSeal
from common.background import BackgroundThread

_log = structlog.get_logger("plugport.audit")
_NAME = "syslog"
DEFAULT_PORT = 6514
REPEATED_ENTRIES = 1000
_REPEATED = dt.timedelta(seconds=60)
_BATCH = 500
_LEASE = dt.timedelta(seconds=60)
_TIMEOUT_SECONDS = 10.0
_CLOSE_SECONDS = 1.0
_INTERVAL_SECONDS = 1.0
_WAIT_FOR_LEASE_SECONDS = 5.0
_FIRST_RETRY_SECONDS, _LAST_RETRY_SECONDS = 2.0, 60.0
# An entry that has waited longer says that no worker sends.
_LATE = dt.timedelta(minutes=5)


class SyslogForwarder:
    """Sends what is new in each round, over one connection as long as it lasts."""

    def __init__(self) -> None:
        self._holder = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._connection: ssl.SSLSocket | None = None
        self._position = 0
        self._retry_seconds = _FIRST_RETRY_SECONDS

    def run(self) -> float | None:
        """Send what is new; returns how long to wait, None for the usual pause.

        A server that cannot be reached is logged and noted in `AuditForwarding`, and never raises.
        """
        state = self._claim()
        if state is None:
            self.close()
            return _WAIT_FOR_LEASE_SECONDS
        try:
            self._send_all(state)
        except (OSError, ValueError) as error:
            self.close()
            return self._note_failure(state, error)
        if state.failing_since is not None:
            AuditForwarding.objects.filter(pk=_NAME).update(failing_since=None, error="")
            _log.info("audit_forwarding_works")
        self._retry_seconds = _FIRST_RETRY_SECONDS
        return None

    def close(self) -> None:
        """Close the connection, which the server learns after it has read everything."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        # A socket that is closed with unread data, such as session tickets, is reset: the server would lose
        # what it has not read yet.
        connection.settimeout(_CLOSE_SECONDS)
        with contextlib.suppress(OSError, ValueError):
            connection.unwrap()
        connection.close()

    def _claim(self) -> AuditForwarding | None:
        """The state, if this process is the one that sends: 2 queries."""
        AuditForwarding.objects.get_or_create(pk=_NAME)
        now = timezone.now()
        rows = AuditForwarding.objects.filter(
            Q(holder=self._holder) | Q(held_until__lte=now), pk=_NAME
        )
        if not rows.update(holder=self._holder, held_until=now + _LEASE):
            return None
        return AuditForwarding.objects.get(pk=_NAME)

    def _send_all(self, state: AuditForwarding) -> None:
        if self._connection is not None and _is_closed(self._connection):
            self.close()
        if self._connection is None:
            self._connection = _connect()
            repeated = min(state.sequence - REPEATED_ENTRIES, state.older_sequence)
            self._position = max(0, repeated)
        while seals := self._list_seals():
            self._connection.sendall(_build_messages(seals))
            self._position = seals[-1][0]
            self._save_position(state)

    def _list_seals(self) -> list[tuple[int, int]]:
        rows = AuditSeal.objects.filter(sequence__gt=self._position).order_by("sequence")
        return list(rows.values_list("sequence", "entry_id")[:_BATCH])

    def _save_position(self, state: AuditForwarding) -> None:
        """Store how far it is, and how far it was a minute ago; renew the lease."""
        now = timezone.now()
        if now - state.recent_at >= _REPEATED:
            state.older_sequence = state.recent_sequence
            state.recent_sequence, state.recent_at = state.sequence, now
        state.sequence = max(state.sequence, self._position)
        state.held_until = now + _LEASE
        fields = ["sequence", "recent_sequence", "recent_at", "older_sequence", "held_until"]
        state.save(update_fields=fields)

    def _note_failure(self, state: AuditForwarding, error: Exception) -> float:
        reason = str(getattr(error, "verify_message", "") or error) or type(error).__name__
        if state.failing_since is None:
            state.failing_since = timezone.now()
        state.error = f"{type(error).__name__}: {reason}"[:300]
        state.save(update_fields=["failing_since", "error"])
        _log.warning("audit_forwarding_failed", error=state.error)
        pause, self._retry_seconds = (
            self._retry_seconds,
            min(2 * self._retry_seconds, _LAST_RETRY_SECONDS),
        )
        return pause


def _connect() -> ssl.SSLSocket:
    """Connect to the server of the settings, whose certificate must be valid for its name."""
    parts = urlsplit(settings.AUDIT_SYSLOG_URL)
    context = ssl.create_default_context(cafile=settings.AUDIT_SYSLOG_CA or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.AUDIT_SYSLOG_CERTIFICATE:
        context.load_cert_chain(settings.AUDIT_SYSLOG_CERTIFICATE)
    host = parts.hostname or ""
    plain = socket.create_connection((host, parts.port or DEFAULT_PORT), _TIMEOUT_SECONDS)
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _is_closed(connection: ssl.SSLSocket) -> bool:
    """Whether the server has closed the connection. It never sends anything."""
    connection.settimeout(0.0)
    try:
        return connection.recv(1) == b""
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(_TIMEOUT_SECONDS)


def _build_messages(seals: Sequence[tuple[int, int]]) -> bytes:
    """The entries with these sequences and ids: 1 query."""
    keys = [entry_id for _, entry_id in seals]
    rows = AuditEntry.objects.select_related("identity", "subject").in_bulk(keys)
    return b"".join(
        format_syslog(
            build_event(rows[entry_id], with_address=True),
            sequence=sequence,
            host=settings.BASE_HOST or "-",
        )
        for sequence, entry_id in seals
        # One that somebody deleted is found by `verify_audit`.
        if entry_id in rows
    )


def find_forwarding_problem() -> str:
    """Why entries do not reach the syslog server; empty if they do, or if there is none: 2 queries."""
    if not settings.AUDIT_SYSLOG_URL:
        return ""
    state = AuditForwarding.objects.filter(pk=_NAME).first()
    if state is not None and state.failing_since is not None:
        return state.error
    waiting = AuditSeal.objects.filter(sequence__gt=state.sequence if state else 0)
    if waiting.filter(sealed_at__lt=timezone.now() - _LATE).exists():
        return "No worker sends entries to the syslog server."
    return ""


_forwarder = SyslogForwarder()
forwarding = BackgroundThread(
    "audit-forwarding",
    _forwarder.run,
    error_event="audit_forwarding_failed",
    interval_seconds=_INTERVAL_SECONDS,
)
