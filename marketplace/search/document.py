"""The document of a plugin, equal for all engines."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings

from marketplace.search.bayesian_rating import compute_grade
from plugport.spec.manifest.kinds import KINDS
from registry.models import Plugin

T = TypeVar("T")
BATCH_SIZE = 2000

# The most that each signal can add to the quality.
_TRUST_WEIGHTS = {"official": 0.20, "verified": 0.16, "community": 0.08, "experimental": 0.03}
_DOWNLOADS_WEIGHT = 0.16
_RATING_WEIGHT = 0.08
_FRESHNESS_WEIGHT = 0.10
_MAX_DOWNLOADS_LOG10 = 7.0  # ten million downloads
_FRESH_FROM, _FRESH_SECONDS = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), 10 * 365 * 86400


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """A listed plugin. `updated` is in milliseconds since 1970; `grade` as in `bayesian_rating`."""

    id: int
    name: str
    scope: str
    short_name: str
    title: str
    description: str
    kind: str
    kind_title: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    trust: str
    license: str
    dialect: str
    registry: str
    author: str
    owners: tuple[str, ...]
    downloads: int
    grade: float
    updated: int
    quality: float


_COLUMNS = (
    "id",
    "name",
    "kind",
    "dialect",
    "display_name",
    "description",
    "author_name",
    "license",
    "trust",
    "document",
    "downloads",
    "rating",
    "rating_count",
    "updated_at",
)


def build_documents(ids: Sequence[int]) -> list[SearchDocument]:
    """The documents of the listed plugins among these: 1 query."""
    rows = Plugin.objects.filter(pk__in=ids, is_listed=True).values(*_COLUMNS)
    return [build_document(row) for row in rows]


def iter_all_documents() -> Iterator[SearchDocument]:
    """The documents of all listed plugins in the order of ids: 1 query for each `BATCH_SIZE`."""
    # By id rather than by offset: plugins may be listed and unlisted meanwhile.
    after = 0
    while True:
        rows = list(
            Plugin.objects.filter(is_listed=True, pk__gt=after)
            .order_by("pk")
            .values(*_COLUMNS)[:BATCH_SIZE]
        )
        if not rows:
            return
        yield from map(build_document, rows)
        after = rows[-1]["id"]


def build_document(row: dict[str, Any]) -> SearchDocument:
    """Build the document of a row of the table of plugins with `_COLUMNS`."""
    public = row["document"]
    scope, _, short = row["name"].rpartition("/")
    kind = KINDS.get(row["kind"])
    grade = compute_grade(row["rating"], row["rating_count"])
    return SearchDocument(
        id=row["id"],
        name=row["name"],
        scope=scope.removeprefix("@"),
        short_name=short,
        title=row["display_name"],
        description=row["description"],
        kind=row["kind"],
        kind_title=kind.title if kind else row["kind"],
        categories=tuple(public.get("categories", ())),
        tags=tuple(public.get("tags", ())),
        trust=row["trust"],
        license=row["license"],
        dialect=row["dialect"],
        registry=public.get("registry") or settings.REGISTRY_NAME,
        author=row["author_name"],
        owners=tuple(public.get("owners", ())),
        downloads=row["downloads"],
        grade=grade,
        updated=to_milliseconds(row["updated_at"]),
        quality=compute_quality(
            trust=row["trust"],
            downloads=row["downloads"],
            grade=grade,
            updated_at=row["updated_at"],
        ),
    )


def to_milliseconds(time: dt.datetime) -> int:
    """Milliseconds since 1970-01-01 UTC, rounded down."""
    return int(time.timestamp() * 1000)


def compute_quality(*, trust: str, downloads: int, grade: float, updated_at: dt.datetime) -> float:
    """The quality of a plugin, from 0 to 0.54, which orders equally relevant plugins (SRCH-2).

    Freshness counts from a fixed day: the age would change the order of documents that nobody
    changed and that are not indexed again.
    """
    age = (updated_at - _FRESH_FROM).total_seconds()
    return (
        _TRUST_WEIGHTS.get(trust, 0.0)
        + _DOWNLOADS_WEIGHT * min(1.0, math.log10(1 + max(0, downloads)) / _MAX_DOWNLOADS_LOG10)
        + _RATING_WEIGHT * min(1.0, max(0.0, (grade - 1) / 4))
        + _FRESHNESS_WEIGHT * min(1.0, max(0.0, age / _FRESH_SECONDS))
    )


def iter_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`; the last may be shorter."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
