"""Chains entries after their commit.

The transaction of an act takes no lock for the chain: a head that is locked until the commit would let
all writes wait for each other. One process at a time chains what is committed, within a second.
"""

from __future__ import annotations

import structlog
from django.db import connection, transaction
from django.utils import timezone

from accounts.audit.digests import ENTRY_COLUMNS, START, digest_entry, digest_link
from accounts.audit.heads import Head, append_head
from accounts.models import AuditEntry, AuditPending, AuditSeal
from common.background import BackgroundThread

_log = structlog.get_logger("plugport.audit")
_MAX_BATCH = 2000
_INTERVAL_SECONDS = 0.5
# Of PostgreSQL's advisory locks: any number that nothing else uses.
_LOCK = 0x506C_7567_4175_6474


def find_head() -> Head | None:
    """The newest seal: 1 query."""
    row = AuditSeal.objects.order_by("-sequence").values_list("sequence", "digest").first()
    return Head(*row) if row else None


def seal_entries() -> int:
    """Chain the committed entries that have no seal; returns how many.

    1 query if there are none. Writes the head to the data folder.
    """
    count = 0
    while AuditPending.objects.exists():
        sealed = _seal_batch()
        count += sealed
        if not sealed:
            break
    return count


def _seal_batch() -> int:
    with transaction.atomic():
        if not _lock_chain():
            return 0
        keys = list(
            AuditPending.objects.order_by("entry_id").values_list("entry_id", flat=True)[
                :_MAX_BATCH
            ]
        )
        rows = AuditEntry.rows.filter(id__in=keys).order_by("id").values_list(*ENTRY_COLUMNS)
        head = find_head() or Head(0, START)
        now = timezone.now()
        seals = []
        for row in rows:
            sequence = head.sequence + 1
            head = Head(sequence, digest_link(head.digest, sequence, now, digest_entry(row)))
            seals.append(
                AuditSeal(sequence=sequence, entry_id=row[0], sealed_at=now, digest=head.digest)
            )
        AuditSeal.objects.bulk_create(seals)
        AuditPending.objects.filter(entry_id__in=keys).delete()
    if seals:
        try:
            append_head(head, now)
        except OSError as error:
            # The next head, which covers this one, is written with the next entries.
            _log.error("audit_head_failed", error=error.strerror)
    return len(keys)


def _lock_chain() -> bool:
    """Whether this transaction is the only one that seals. Transactions of SQLite always are."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _seal() -> None:
    seal_entries()


sealer = BackgroundThread(
    "audit-sealer",
    _seal,
    error_event="audit_seal_failed",
    interval_seconds=_INTERVAL_SECONDS,
    runs_at_start=True,
)
