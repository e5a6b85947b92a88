"""Transfers of plugins and scopes to another owner, and the mails about them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.bounded_fields import BoundedCharField
from registry.models.catalog import NAME_CHARS, Plugin, Scope


class TransferState(models.TextChoices):
    """`failed`: when it was due, a condition was no longer met. `reason` says which."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    DECLINED = "declined"
    CANCELED = "canceled"
    EXPIRED = "expired"
    FAILED = "failed"


OPEN_STATES = (TransferState.OFFERED, TransferState.ACCEPTED)


class Transfer(models.Model):
    """An offer of a plugin, or of a scope with its plugins, and what became of it.

    Nothing changes before `takes_effect_at`, which is set when the receiver accepts. Every change
    locks the row of the scope first, then those of the plugins. Rows stay as the history of the plugin:
    the transfer of a scope has one more row for each plugin that moved (`part_of`). `giver` is whose
    plugin or scope it was when it was offered, of several owners the first. `failures` counts the runs
    of the periodic work that ended with an error, of which `last_error` is the last; the next is at `retry_at`.
    """

    plugin = models.ForeignKey(
        Plugin, null=True, on_delete=models.CASCADE, related_name="transfers"
    )
    scope = models.ForeignKey(Scope, null=True, on_delete=models.CASCADE, related_name="transfers")
    part_of = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="parts")
    # PROTECT: they are facts of published plugins.
    giver = models.ForeignKey("accounts.Owner", on_delete=models.PROTECT, related_name="given")
    receiver = models.ForeignKey(
        "accounts.Owner", on_delete=models.PROTECT, related_name="received"
    )
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = BoundedCharField(
        max_length=9, choices=TransferState.choices, default=TransferState.OFFERED
    )
    reason = BoundedCharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    takes_effect_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    last_error = BoundedCharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(plugin__isnull=False, scope__isnull=True)
                | Q(plugin__isnull=True, scope__isnull=False),
                name="transfer_has_one_target",
            ),
            models.UniqueConstraint(
                fields=["plugin"], condition=Q(state__in=OPEN_STATES), name="one_open_of_a_plugin"
            ),
            models.UniqueConstraint(
                fields=["scope"], condition=Q(state__in=OPEN_STATES), name="one_open_of_a_scope"
            ),
        ]
        indexes = [
            # Partial: nearly all transfers have ended.
            models.Index(
                fields=["state", "takes_effect_at"],
                condition=Q(state__in=OPEN_STATES),
                name="transfer_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target} to {self.receiver}"

    @property
    def target(self) -> str:
        """The name of the plugin, or the scope with `@`."""
        return self.plugin.name if self.plugin is not None else str(self.scope)

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN_STATES


class TransferMail(models.Model):
    """A mail to one account about a step of a transfer; deleted when it is sent.

    It is written in the transaction of the step, so that a crash loses no mail. `about` is the
    plugin of the account that depends on a plugin which moves, and empty for the parties.
    """

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="mails")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    step = BoundedCharField(max_length=9, choices=TransferState.choices)
    about = BoundedCharField(max_length=NAME_CHARS, blank=True)
    informed = models.IntegerField(default=0)
    attempts = models.IntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["transfer", "user", "step"], name="one_mail_about_a_step"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.transfer_id} to {self.user_id}"
