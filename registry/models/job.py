"""The durable lists: background jobs, and uploads in progress."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.bounded_fields import BoundedCharField


class JobState(models.TextChoices):
    """Queued, held by a worker under a lease, or set aside for an operator."""

    QUEUED = "queued"
    LEASED = "leased"
    FAILED = "failed"


class Job(models.Model):
    """Work that must be done. The row is the truth; a queue message only wakes a worker.

    A worker takes a job by writing `lease_id` and `leased_until`. When the lease expires, the job
    is free again. A finished job is deleted in the transaction that stores its result.
    """

    kind = BoundedCharField(max_length=40)
    key = BoundedCharField(max_length=100)
    state = BoundedCharField(max_length=8, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.IntegerField(default=0)
    available_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True)
    lease_id = models.UUIDField(null=True)
    # The process that has the lease (`common.processes.process_names`).
    holder = BoundedCharField(max_length=100, blank=True)
    last_error = BoundedCharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        # Makes adding a job idempotent, also when two transactions add it at the same time.
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="a_job_once")]
        indexes = [models.Index(fields=["state", "available_at"], name="job_queue")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Upload(models.Model):
    """An object that is being put into quarantine and not recorded yet.

    The row is written before the object, and deleted in the transaction that records the release.
    A row past `expires_at` was left by a crash; the sweeper removes it together with its object.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    key = BoundedCharField(max_length=200, unique=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # Generous for the slowest supported storage; see `quarantine_upload`.
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key
