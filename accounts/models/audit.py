"""The audit log: entries, the personal data behind them, their seals, and signed checkpoints.

Triggers in the database refuse every change of the rows; identities alone can be deleted, when an
account is erased.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Case, CharField, F, Value, When
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone

from common.bounded_fields import BoundedCharField, BoundedJSONField
from plugport.spec.archive.model import KIB

MAX_DETAIL_BYTES = 64 * KIB
_EXCESS = "reasons are cut to 500 characters and end with `…`"


class ActorKind(models.TextChoices):
    """Who acted. An operator uses the command line, or the admin without a name of their own.

    `SCIM` is the identity provider of an organization, which uses a SCIM token.
    """

    ACCOUNT = "account"
    ROBOT = "robot"
    OPERATOR = "operator"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"
    SCIM = "scim"


class _Permanent(models.Model):
    """Rows that are written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row. Raises `TypeError` for one that is already stored."""
        if not self._state.adding:
            raise TypeError("an audit entry cannot be changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise `TypeError`: entries are permanent."""
        raise TypeError("an audit entry cannot be deleted")


class AuditIdentity(models.Model):
    """The personal data of one entry: the name of who acted, and from where.

    A table of its own, because the data of a person can be erased and an entry cannot. Entries have
    the digest of the row with its `salt`, so that nobody finds erased values by trying.
    """

    account_id = models.BigIntegerField(null=True, db_index=True)
    name = BoundedCharField(max_length=150, blank=True, db_index=True)
    address = BoundedCharField(max_length=50, blank=True, db_index=True)
    user_agent = BoundedCharField(
        max_length=300, blank=True, excess="cut; control characters are removed"
    )
    salt = BoundedCharField(max_length=32)

    class Meta:
        verbose_name_plural = "audit identities"

    def __str__(self) -> str:
        return f"{self.name} {self.address}".strip()


def _build_pseudonym(field: str) -> Concat:
    return Concat(Value("deleted-"), Cast(field, CharField()), output_field=CharField())


def _build_names() -> dict[str, Any]:
    return {
        "actor_name": Case(
            When(identity__isnull=True, then=F("actor_kind")),
            When(actor__isnull=True, then=Coalesce(F("identity__name"), Value(""))),
            default=Coalesce(F("identity__name"), _build_pseudonym("actor_id")),
            output_field=CharField(),
        ),
        "target": Case(
            When(
                target_kind="account",
                subject__isnull=False,
                then=Coalesce(F("subject__username"), _build_pseudonym("subject_id")),
            ),
            default=F("target_name"),
            output_field=CharField(),
        ),
    }


class AuditEntryManager(models.Manager["AuditEntry"]):
    """Entries with `actor_name` and `target` as people read them.

    An account that was deleted is `deleted-` and its number, the same in all entries.
    """

    def get_queryset(self) -> models.QuerySet[AuditEntry]:
        """All entries, with two joins."""
        return super().get_queryset().annotate(**_build_names())


class AuditEntry(_Permanent):
    """One act: who did what to which target, from where. Append-only.

    Written in the transaction of the act, so that neither exists without the other. `subject` is the
    account that the act concerns, which may be that of the actor. `container` names what the target
    belongs to, such as `plugin:12`: names can get another owner later, and their history must not.
    `credential` is the token or the session. Accounts are referred to without a constraint, because
    their entries outlive them.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    action = BoundedCharField(max_length=60)
    actor_kind = BoundedCharField(max_length=10)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    identity = models.OneToOneField(
        AuditIdentity,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="entry",
    )
    identity_digest = BoundedCharField(max_length=64, blank=True)
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    target_kind = BoundedCharField(max_length=40, blank=True)
    target_name = BoundedCharField(max_length=400, blank=True)
    target_id = BoundedCharField(max_length=40, blank=True)
    container = BoundedCharField(max_length=60, blank=True)
    owner_id = models.BigIntegerField(null=True)
    via = BoundedCharField(max_length=60, blank=True)
    credential = BoundedCharField(max_length=60, blank=True)
    before = BoundedJSONField(max_bytes=MAX_DETAIL_BYTES, excess=_EXCESS, null=True)
    after = BoundedJSONField(max_bytes=MAX_DETAIL_BYTES, excess=_EXCESS, null=True)
    details = BoundedJSONField(max_bytes=MAX_DETAIL_BYTES, excess=_EXCESS, default=dict)

    objects = AuditEntryManager()
    # Without the joins.
    rows: models.Manager[AuditEntry] = models.Manager()

    if TYPE_CHECKING:
        # Of the manager, and of `record_audit_entry`.
        actor_name: str
        target: str

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        indexes = (
            models.Index(fields=["actor", "-id"], name="audit_actor"),
            models.Index(fields=["subject", "-id"], name="audit_subject"),
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["target_name", "-id"], name="audit_target"),
            models.Index(fields=["container", "-id"], name="audit_container"),
            models.Index(fields=["owner_id", "-id"], name="audit_owner"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.target_name}".rstrip()


class AuditPending(models.Model):
    """An entry that has no seal yet. A trigger inserts the row together with the entry."""

    entry_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return str(self.entry_id)


class AuditSeal(_Permanent):
    """The place of an entry in the chain.

    `digest` is the SHA-256 of the digest before it, the sequence and the entry (`accounts.audit.digests`).
    Sequences start at 1 and have no gaps.
    """

    sequence = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)
    sealed_at = models.DateTimeField()
    digest = BoundedCharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.sequence} {self.digest}"


class AuditCheckpoint(_Permanent):
    """The head of the chain at a time, signed with the key of the instance (Ed25519)."""

    at = models.DateTimeField()
    sequence = models.BigIntegerField()
    digest = BoundedCharField(max_length=64)
    public_key = BoundedCharField(max_length=64)
    signature = BoundedCharField(max_length=128)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.sequence}"


class AuditForwarding(models.Model):
    """How far the log was sent to the syslog server, and which worker sends it.

    `sequence` is the last entry that was sent. `older_sequence` was reached a minute ago or more: a
    new connection starts there, because syslog has no acknowledgments.
    """

    name = BoundedCharField(max_length=20, primary_key=True)
    sequence = models.BigIntegerField(default=0)
    recent_sequence = models.BigIntegerField(default=0)
    recent_at = models.DateTimeField(default=timezone.now)
    older_sequence = models.BigIntegerField(default=0)
    holder = BoundedCharField(max_length=100, blank=True)
    held_until = models.DateTimeField(default=timezone.now)
    failing_since = models.DateTimeField(null=True)
    error = BoundedCharField(max_length=300, blank=True, excess="cut")

    def __str__(self) -> str:
        return f"{self.name} {self.sequence}"
