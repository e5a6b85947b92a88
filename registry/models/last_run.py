"""When the periodic work of all workers last started."""

from __future__ import annotations

from django.db import models

from common.bounded_fields import BoundedCharField


class LastRun(models.Model):
    """The last start of one kind of periodic work, on any machine.

    Workers compare and swap `at`, so that one of them does the work and the others wait for the next
    interval.
    """

    name = BoundedCharField(max_length=60, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"
