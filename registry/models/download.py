"""Download statistics."""

from __future__ import annotations

from django.db import models

from registry.models.release import Release


class DownloadCount(models.Model):
    """Downloads of a release on one day (UTC)."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="download_counts")
    day = models.DateField()
    count = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "day"], name="a_count_a_day"),
        ]
        indexes = [models.Index(fields=["day"], name="downloads_by_day")]

    def __str__(self) -> str:
        return f"{self.release_id} {self.day}: {self.count}"
