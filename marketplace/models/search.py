"""How far the search index has followed the journal, and what people searched for."""

from __future__ import annotations

from django.db import models

TERM_CHARS = 100
FILTER_CHARS = 200


class SearchCursor(models.Model):
    """Where the index of one engine stands: every journal entry up to `serial` is in it.

    Whoever writes the index holds the lease, so that there is one writer among all processes.
    """

    engine = models.CharField(max_length=40, primary_key=True)
    serial = models.BigIntegerField(default=0)
    lease_holder = models.CharField(max_length=200, blank=True)
    leased_until = models.DateTimeField(null=True)
    indexed_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.engine} at {self.serial}"


class SearchTerm(models.Model):
    """What was searched for on one day (UTC), and what came of it. Nobody is named.

    `results` is the number of the last search; `failed` counts those that found nothing with all
    the words. `rank_sum` divided by `clicks` is the place of what was chosen, counted from 1.
    """

    day = models.DateField()
    term = models.CharField(max_length=TERM_CHARS)
    filters = models.CharField(max_length=FILTER_CHARS, blank=True)
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
        """The usual place of what was chosen; None if nothing was."""
        return round(self.rank_sum / self.clicks, 1) if self.clicks else None
