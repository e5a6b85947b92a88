"""Claims of accounts to plugins and scopes of others, and the mails about them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.bounded_fields import BoundedCharField, BoundedTextField
from registry.models.catalog import Plugin, Scope
from registry.models.transfer import Transfer


class ClaimKind(models.TextChoices):
    """`adoption`: its owners have left it. `name`: the name is that of the claimant, as a trademark is."""

    ADOPTION = "adoption"
    NAME = "name"


class ClaimState(models.TextChoices):
    """`objected`: an owner wants to keep it, and a moderator decides. `reversed`: a moderator took a grant back."""

    OPEN = "open"
    OBJECTED = "objected"
    ACCEPTED = "accepted"
    GRANTED = "granted"
    REFUSED = "refused"
    REVERSED = "reversed"
    WITHDRAWN = "withdrawn"


class ClaimClock(models.TextChoices):
    """What the periodic work has done about the time to answer."""

    RUNNING = "running"
    REMINDED = "reminded"
    OVER = "over"


OPEN_CLAIMS = (ClaimState.OPEN, ClaimState.OBJECTED)
# What everybody may read, of plugins and scopes that are public.
DECIDED_CLAIMS = (
    *(ClaimState.ACCEPTED, ClaimState.GRANTED, ClaimState.REFUSED, ClaimState.REVERSED),
)
CLAIM_EXCESS = "400 above the limits of a claim"


class Claim(models.Model):
    """What an account says of a plugin or scope of others, and what became of it.

    The owners have until `answer_by` to answer; then, or when they object, a moderator decides. What
    changes hands does so with `transfer`. `reason`, `evidence` (an address a line) and
    `objection` are for the parties and moderators; `decision` is public. Every change locks the scope,
    then the plugin, then the claim.
    """

    plugin = models.ForeignKey(Plugin, null=True, on_delete=models.CASCADE, related_name="claims")
    scope = models.ForeignKey(Scope, null=True, on_delete=models.CASCADE, related_name="claims")
    kind = BoundedCharField(max_length=8, choices=ClaimKind.choices)
    # PROTECT: decided claims are public facts about published plugins.
    claimant = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="claims"
    )
    receiver = models.ForeignKey("accounts.Owner", on_delete=models.PROTECT, related_name="claims")
    state = BoundedCharField(max_length=9, choices=ClaimState.choices, default=ClaimState.OPEN)
    clock = BoundedCharField(max_length=8, choices=ClaimClock.choices, default=ClaimClock.RUNNING)
    reason = BoundedTextField(max_bytes=8_000, excess=CLAIM_EXCESS)
    evidence = BoundedTextField(max_bytes=16_000, excess=CLAIM_EXCESS, blank=True)
    objection = BoundedTextField(max_bytes=8_000, excess=CLAIM_EXCESS, blank=True)
    decision = BoundedCharField(max_length=500, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    transfer = models.OneToOneField(
        Transfer, null=True, on_delete=models.SET_NULL, related_name="claim"
    )
    created_at = models.DateTimeField(default=timezone.now)
    answer_by = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(plugin__isnull=False, scope__isnull=True)
                | Q(plugin__isnull=True, scope__isnull=False),
                name="claim_has_one_target",
            ),
            models.UniqueConstraint(
                fields=["plugin"],
                condition=Q(state__in=OPEN_CLAIMS),
                name="one_open_claim_to_a_plugin",
            ),
            models.UniqueConstraint(
                fields=["scope"],
                condition=Q(state__in=OPEN_CLAIMS),
                name="one_open_claim_to_a_scope",
            ),
        ]
        indexes = [
            # Partial: nearly all claims have ended.
            models.Index(
                fields=["state", "answer_by"],
                condition=Q(state__in=OPEN_CLAIMS),
                name="claim_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.target} for {self.receiver}"

    @property
    def claimed(self) -> Plugin | Scope | None:
        """What is claimed; None if it was deleted."""
        return self.plugin if self.plugin is not None else self.scope

    @property
    def target(self) -> str:
        """The name of the plugin, or the scope with `@`."""
        return self.plugin.name if self.plugin is not None else str(self.scope)

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided and it was not withdrawn."""
        return self.state in OPEN_CLAIMS

    @property
    def is_ready(self) -> bool:
        """Whether a moderator may grant it: an owner objected, or the time to answer is over."""
        is_over = self.state == ClaimState.OPEN and self.answer_by <= timezone.now()
        return is_over or self.state == ClaimState.OBJECTED


class ClaimMail(models.Model):
    """A mail to one account about a step of a claim; deleted when it is sent.

    It is written in the transaction of the step, so that a crash loses no mail.
    """

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="mails")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    step = BoundedCharField(max_length=9)
    attempts = models.IntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "user", "step"], name="one_mail_about_a_claim_step"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.claim_id} to {self.user_id}"
