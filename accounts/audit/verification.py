"""Finds out whether the audit log is as it was written."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.audit.checkpoints import build_statement
from accounts.audit.digests import (
    ENTRY_COLUMNS,
    START,
    digest_entry,
    digest_identity,
    digest_link,
)
from accounts.audit.heads import Head
from accounts.audit.instance_key import is_signature
from accounts.models import AuditCheckpoint, AuditEntry, AuditIdentity, AuditPending, AuditSeal

_BATCH = 5000
# Longer than any transaction and the pause of the sealer together.
_UNSEALED_AFTER = dt.timedelta(minutes=5)
# The first ones name the place. An attacker must not fill the memory with the rest.
MAX_PROBLEMS = 100
_COLUMNS = (*ENTRY_COLUMNS, "identity_id")
_JSON = tuple(_COLUMNS.index(name) for name in ("before", "after", "details"))
# The columns of JSON as text: most are the same in many entries, and parsed once.
_EXPRESSIONS = tuple(
    Cast(name, TextField()) if index in _JSON else F(name) for index, name in enumerate(_COLUMNS)
)
_MAX_CACHED_CHARS = 200
_IDENTITY = ("salt", "account_id", "name", "address", "user_agent")
_ID = _COLUMNS.index("id")
_ACTOR_ID, _IDENTITY_DIGEST = _COLUMNS.index("actor_id"), _COLUMNS.index("identity_digest")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: the kind, the sequence or the id of an entry, and a sentence."""

    kind: str
    detail: str
    sequence: int | None = None
    entry_id: int | None = None


@dataclass(slots=True)
class Report:
    """The result of a verification. `erased` is the number of entries whose personal data are gone."""

    entries: int = 0
    pending: int = 0
    erased: int = 0
    checkpoints: int = 0
    heads: int = 0
    head: Head | None = None
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem_count

    def add(self, problem: Problem) -> None:
        """Count a problem, and keep it if it is one of the first."""
        self.problem_count += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON-ready values."""
        return {"isIntact": self.is_intact, **asdict(self)}


def verify_log(*, trusted_keys: Iterable[str], heads: Iterable[Head]) -> Report:
    """Verify all entries, seals, checkpoints, and the heads that were kept outside the database.

    Changes nothing. Reads everything once, a few thousand entries at a time, while others write: what
    is compared with the chain is read before it.
    """
    report = Report()
    # A few heads and checkpoints a day, compared while the chain is read.
    expected: dict[int, set[str]] = {}
    kept = list(heads)
    report.heads = len(kept)
    for head in kept:
        expected.setdefault(head.sequence, set()).add(head.digest)
    signed = _check_signatures(report, frozenset(trusted_keys))
    found = _verify_chain(report, expected, {point.sequence: point for point in signed})
    _report_cut(report, found, expected, signed)
    _check_unsealed(report)
    return report


def _check_signatures(report: Report, trusted: frozenset[str]) -> list[AuditCheckpoint]:
    points = []
    for point in AuditCheckpoint.objects.order_by("id").iterator():
        report.checkpoints += 1
        statement = build_statement(point.at, point.sequence, point.digest)
        if point.public_key not in trusted:
            text = f"The checkpoint {point.pk} is signed with the key {point.public_key[:16]}…, which is not trusted."
            report.add(Problem("untrusted-key", text, point.sequence))
        elif not is_signature(point.public_key, point.signature, statement):
            text = f"The signature of the checkpoint {point.pk} is not valid."
            report.add(Problem("signature", text, point.sequence))
        else:
            points.append(point)
    return points


def _verify_chain(
    report: Report, expected: dict[int, set[str]], signed: dict[int, AuditCheckpoint]
) -> int:
    """Verify every link; returns the last sequence."""
    erased = frozenset(
        AuditEntry.rows.filter(action__in=("account.erased", "account.deleted"))
        .exclude(subject_id=None)
        .values_list("subject_id", flat=True)
    )
    previous, last, latest_id = START, 0, 0
    for seal, row, identity in _iter_links():
        sequence, entry_id, sealed_at, digest = seal
        if sequence != last + 1:
            text = f"The entries from {last + 1} to {sequence - 1} are missing."
            report.add(Problem("gap", text, last + 1))
        last = sequence
        report.entries += 1
        if row is None:
            text = f"The entry {entry_id} was deleted."
            report.add(Problem("deleted", text, sequence, entry_id))
        else:
            link = digest_link(previous, sequence, sealed_at, digest_entry(row[:-1]))
            if link != digest:
                text = f"The entry {entry_id}, or its place in the chain, was changed."
                report.add(Problem("changed", text, sequence, entry_id))
            _check_identity(report, sequence, row, identity, erased)
        if any(each != digest for each in expected.get(sequence, ())):
            text = f"The digest at {sequence} is not the one in the data folder."
            report.add(Problem("head", text, sequence))
        if (point := signed.get(sequence)) and point.digest != digest:
            text = (
                f"The digest at {sequence} is not the one that was signed on {point.at:%Y-%m-%d}."
            )
            report.add(Problem("checkpoint", text, sequence))
        # From the stored one, so that each change is reported once.
        previous, latest_id = digest, max(latest_id, entry_id)
    report.head = Head(last, previous) if last else None
    return last


def _check_identity(
    report: Report, sequence: int, row: tuple[Any, ...], identity: Any, erased: frozenset[int]
) -> None:
    digest, entry_id = row[_IDENTITY_DIGEST], row[_ID]
    if identity is not None:
        if digest_identity(*identity) != digest:
            text = f"The name or the address of the entry {entry_id} was changed."
            report.add(Problem("identity", text, sequence, entry_id))
    elif digest:
        report.erased += 1
        if row[_ACTOR_ID] not in erased:
            text = f"The name and the address of the entry {entry_id} are missing, and no entry says that they were erased."
            report.add(Problem("identity-missing", text, sequence, entry_id))


def _iter_links() -> Iterator[tuple[Any, tuple[Any, ...] | None, tuple[Any, ...] | None]]:
    """Each seal with its entry and the personal data, in order: 3 queries for `_BATCH` seals."""
    last = -1
    columns = ("sequence", "entry_id", "sealed_at", "digest")
    while True:
        seals = list(
            AuditSeal.objects.filter(sequence__gt=last)
            .order_by("sequence")
            .values_list(*columns)[:_BATCH]
        )
        if not seals:
            return
        last = seals[-1][0]
        entries = _load({seal[1] for seal in seals}, AuditEntry.rows, _EXPRESSIONS)
        keys = {row[-1] for row in entries.values() if row[-1] is not None}
        identities = _load(keys, AuditIdentity.objects, ("id", *_IDENTITY))
        for seal in seals:
            row = entries.get(seal[1])
            if row is None:
                yield seal, None, None
                continue
            identity = identities.get(row[-1])
            yield seal, _parse_row(row), identity[1:] if identity else None


def _parse_row(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The row with the values of JSON."""
    values = list(row)
    for index in _JSON:
        text = values[index]
        if text is not None:
            is_short = len(text) <= _MAX_CACHED_CHARS
            values[index] = _parse_short(text) if is_short else json.loads(text)
    return tuple(values)


@lru_cache(maxsize=10_000)
def _parse_short(text: str) -> Any:
    """As Django parses it: digests depend on that. Nobody changes the value."""
    return json.loads(text)


def _load(keys: set[int], manager: Any, columns: tuple[Any, ...]) -> dict[int, tuple[Any, ...]]:
    """Rows by their id. Most keys are a range, which is read as one."""
    if not keys:
        return {}
    rows = manager.filter(id__range=(min(keys), max(keys)))
    if max(keys) - min(keys) > 2 * len(keys):
        rows = manager.filter(id__in=keys)
    found: dict[int, tuple[Any, ...]] = {}
    iterator = rows.order_by().values_list(*columns).iterator(chunk_size=_BATCH)
    while chunk := list(islice(iterator, _BATCH)):
        found.update((row[0], row) for row in chunk if row[0] in keys)
    return found


def _report_cut(
    report: Report, last: int, expected: dict[int, set[str]], signed: list[AuditCheckpoint]
) -> None:
    """Report heads that are newer than the chain."""
    newest = max((*expected, *(point.sequence for point in signed)), default=0)
    if newest > last:
        text = f"The log ends with {last}, and had the entry {newest}: its end was cut off."
        report.add(Problem("cut", text, last + 1))
    if last and not expected:
        report.add(
            Problem(
                "head-file",
                "The data folder has no head of the log, which would show that its end was cut off.",
            )
        )


def _check_unsealed(report: Report) -> None:
    """Report entries that have had no seal for long: the sealer does not run, or was kept from them."""
    report.pending = AuditPending.objects.count()
    # Those that the sealer does not know will never have one, whatever their time says.
    is_late = Q(at__lt=timezone.now() - _UNSEALED_AFTER) | ~Exists(
        AuditPending.objects.filter(entry_id=OuterRef("pk"))
    )
    rows = AuditEntry.rows.filter(
        ~Exists(AuditSeal.objects.filter(entry_id=OuterRef("pk"))), is_late
    )
    for entry_id in rows.order_by("id").values_list("id", flat=True)[:MAX_PROBLEMS]:
        text = f"The entry {entry_id} has no place in the chain."
        report.add(Problem("unsealed", text, entry_id=entry_id))
