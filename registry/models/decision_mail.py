"""Mails about decisions that are not sent yet."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.bounded_fields import BoundedCharField
from registry.models.release import Release
from registry.models.states import ReleaseState


class DecisionMail(models.Model):
    """A mail to one account about the latest decision on one release; deleted when it is sent.

    `reason` is that of the moderator or the owners, and empty for a decision of the checks. The row is written in the
    transaction of the decision, so that a crash loses no mail, and sending delays no decision.
    """

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = BoundedCharField(max_length=12, choices=ReleaseState.choices)
    is_by_moderator = models.BooleanField()
    reason = BoundedCharField(max_length=500, blank=True)
    attempts = models.IntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            # A newer decision replaces the mail about an older one that is not sent yet.
            models.UniqueConstraint(fields=["release", "user"], name="one_decision_mail"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.release_id} to {self.user_id}"
