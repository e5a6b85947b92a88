"""Download statistics."""

from __future__ import annotations

from django.db import models

from common.bounded_fields import BoundedCharField, BoundedJSONField
from plugport.spec.archive.model import KIB
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


class DownloadSalt(models.Model):
    """The random key of one day (UTC) that hides the clients in its receipts, in hexadecimal."""

    day = models.DateField(unique=True)
    salt = BoundedCharField(max_length=64)

    def __str__(self) -> str:
        return str(self.day)


class DownloadReceipt(models.Model):
    """The bytes of a release that one client received on one day.

    `client` is a keyed hash of its address. `ranges` are pairs of start and stop, empty when the
    download is complete.
    """

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    client = BoundedCharField(max_length=32)
    ranges = BoundedJSONField(
        max_bytes=4 * KIB, excess="the first 64 separate ranges are kept", default=list
    )
    is_complete = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "day", "client"], name="one_receipt_a_day"),
        ]
        indexes = [models.Index(fields=["day"], name="receipts_by_day")]

    def __str__(self) -> str:
        return f"{self.release_id} {self.day}: {self.client}"
