"""The position of the search index in the journal, and the counts of searches."""

from __future__ import annotations

from django.db import models

from common.bounded_fields import BoundedCharField

TERM_CHARS = 100
FILTER_CHARS = 200


class SearchCursor(models.Model):
    """The index of one engine: every journal entry up to `serial` is indexed.

    A process writes the index only while it holds the lease, so one process writes at a time.
    `compared_at` is the last comparison of all documents with the plugins; it repaired `repaired`
    of them.
    """

    engine = BoundedCharField(max_length=40, primary_key=True)
    serial = models.BigIntegerField(default=0)
    lease_holder = BoundedCharField(max_length=200, blank=True)
    leased_until = models.DateTimeField(null=True)
    indexed_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)
    compared_at = models.DateTimeField(null=True)
    repaired = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.engine} at {self.serial}"


class SearchTerm(models.Model):
    """Counts of the searches for one term on one day (UTC), without any link to a person.

    `results` is the number of results of the last search; `failed` counts searches without results
    for all words. `rank_sum` / `clicks` is the mean rank, from 1, of the chosen results.
    """

    day = models.DateField()
    term = BoundedCharField(max_length=TERM_CHARS)
    filters = BoundedCharField(max_length=FILTER_CHARS, blank=True)
    searches = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    results = models.IntegerField(default=0)
    clicks = models.IntegerField(default=0)
    rank_sum = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "term", "filters"], name="a_term_a_day"),
        ]
        indexes = [models.Index(fields=["term"], name="search_term")]

    def __str__(self) -> str:
        return f"{self.day} {self.term}"

    @property
    def mean_rank(self) -> float | None:
        """The mean rank of the chosen results; None without clicks."""
        return round(self.rank_sum / self.clicks, 1) if self.clicks else None
