"""What the engines are told about a plugin: one document for all of them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from marketplace.search.grade import compute_grade
from plugport.spec.manifest.kinds import KINDS
from registry.models import Plugin

BATCH = 2000

# How far each sign of quality can lift a plugin among equally relevant ones; the sum is the most.
_TRUST = {"official": 0.20, "verified": 0.16, "community": 0.08, "experimental": 0.03}
_DOWNLOADS = 0.16
_RATING = 0.08
_FRESHNESS = 0.10
_MANY_DOWNLOADS = 7.0  # as a power of ten
_FRESH_FROM, _FRESH_SECONDS = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), 10 * 365 * 86400


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """A listed plugin as the engines know it. `updated` is in milliseconds since 1970.

    `grade` is what its ratings are worth, not their mean.
    """

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
    """The documents of those of the plugins that are listed: 1 query."""
    rows = Plugin.objects.filter(pk__in=ids, is_listed=True).values(*_COLUMNS)
    return [build_document(row) for row in rows]


def build_all_documents() -> Iterator[SearchDocument]:
    """The documents of every listed plugin, by id: a query for each 2,000 of them."""
    after = 0
    while True:
        rows = list(
            Plugin.objects.filter(is_listed=True, pk__gt=after)
            .order_by("pk")
            .values(*_COLUMNS)[:BATCH]
        )
        if not rows:
            return
        yield from map(build_document, rows)
        after = rows[-1]["id"]


def build_document(row: dict[str, Any]) -> SearchDocument:
    """The document of a row with the columns `_COLUMNS`."""
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
    """Milliseconds since 1970."""
    return int(time.timestamp() * 1000)


def compute_quality(*, trust: str, downloads: int, grade: float, updated_at: dt.datetime) -> float:
    """From 0 to 0.54: what lifts a plugin among equally relevant ones (SRCH-2).

    Freshness counts from a fixed day, so that a document that is not touched keeps its place
    among the others as time goes by.
    """
    age = (updated_at - _FRESH_FROM).total_seconds()
    return (
        _TRUST.get(trust, 0.0)
        + _DOWNLOADS * min(1.0, math.log10(1 + max(0, downloads)) / _MANY_DOWNLOADS)
        + _RATING * min(1.0, max(0.0, (grade - 1) / 4))
        + _FRESHNESS * min(1.0, max(0.0, age / _FRESH_SECONDS))
    )


def split_batches(documents: Iterable[SearchDocument], size: int) -> Iterator[list[SearchDocument]]:
    """The documents in lists of `size`."""
    batch: list[SearchDocument] = []
    for document in documents:
        batch.append(document)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
