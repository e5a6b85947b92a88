"""Which clients received which bytes of a release today, so that a download counts once.

A client is an IPv4 address or an IPv6 network of 64 bits. Only a keyed hash of it is stored. The key
is random, changes every day (UTC) and is deleted after the day, together with the receipts, so that
nobody can find out later who downloaded what.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db import transaction
from django.utils import timezone

from registry.downloads.byte_ranges import Range, is_complete, merge_ranges
from registry.models import DownloadReceipt, DownloadSalt, Release

_BATCH_SIZE = 500
_SALT_BYTES = 32
_HASH_DIGITS = 32
# Processes write what they sent a few seconds later, and a download may end just after midnight.
_GRACE = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True, order=True)
class ReceiptKey:
    """A release, a day and a client."""

    release_id: int
    day: dt.date
    client: str


@dataclass(frozen=True, slots=True)
class SentBytes:
    """The ranges of a package that a client received, and the size of the package."""

    size_bytes: int
    ranges: tuple[Range, ...]


def write_receipts(sent: Mapping[ReceiptKey, SentBytes]) -> Counter[tuple[int, dt.date]]:
    """Add the bytes to the receipts; returns how many downloads became complete, by release and day.

    Must run in the transaction that writes the counts. Locks the releases in the order of their ids.
    """
    completed: Counter[tuple[int, dt.date]] = Counter()
    salts = {day: _get_salt(day) for day in sorted({key.day for key in sent})}
    for (release_id, day), group in groupby(sorted(sent), lambda key: (key.release_id, key.day)):
        # The lock makes processes that write the same client's receipt wait for each other.
        locked = Release.objects.select_for_update(of=("self",), no_key=True)
        if not list(locked.filter(pk=release_id).values_list("pk")):
            continue  # the release was deleted in the meantime
        by_hash = {_hash_client(salts[day], key.client): sent[key] for key in group}
        for batch in _iter_batches(sorted(by_hash)):
            parts = {client: by_hash[client] for client in batch}
            completed[release_id, day] += _write_batch(release_id, day, parts)
    return completed


def _iter_batches(clients: Sequence[str]) -> Iterator[Sequence[str]]:
    return (clients[i : i + _BATCH_SIZE] for i in range(0, len(clients), _BATCH_SIZE))


def _write_batch(release_id: int, day: dt.date, parts: Mapping[str, SentBytes]) -> int:
    """Write the receipts of one release; returns how many became complete. 1 to 3 queries."""
    rows = DownloadReceipt.objects.filter(release_id=release_id, day=day, client__in=parts)
    receipts = {row.client: row for row in rows}
    created, changed = [], []
    for client, part in parts.items():
        receipt = receipts.get(client)
        if receipt is None:
            receipt = DownloadReceipt(release_id=release_id, day=day, client=client)
            created.append(receipt)
        elif receipt.is_complete:
            continue
        else:
            changed.append(receipt)
        ranges = merge_ranges([*((start, stop) for start, stop in receipt.ranges), *part.ranges])
        receipt.is_complete = is_complete(ranges, part.size_bytes)
        receipt.ranges = [] if receipt.is_complete else [list(each) for each in ranges]
    DownloadReceipt.objects.bulk_create(created)
    DownloadReceipt.objects.bulk_update(changed, ["ranges", "is_complete"])
    return sum(receipt.is_complete for receipt in (*created, *changed))


def delete_old_receipts() -> int:
    """Delete the salts and receipts of past days; returns how many rows."""
    today = (timezone.now() - _GRACE).date()
    with transaction.atomic():
        salts, _ = DownloadSalt.objects.filter(day__lt=today).delete()
        receipts, _ = DownloadReceipt.objects.filter(day__lt=today).delete()
    return salts + receipts


def _get_salt(day: dt.date) -> bytes:
    """Return the salt of a day, the same in all processes: 1 query, more for the first of the day."""
    row, _ = DownloadSalt.objects.get_or_create(
        day=day, defaults={"salt": secrets.token_hex(_SALT_BYTES)}
    )
    return bytes.fromhex(row.salt)


def _hash_client(salt: bytes, client: str) -> str:
    return hmac.new(salt, client.encode(), hashlib.sha256).hexdigest()[:_HASH_DIGITS]
