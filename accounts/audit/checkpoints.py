"""The head of the chain, signed once a day with the key of the instance.

A person who can write to the database can compute a new chain, but not its signatures.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from accounts.audit.digests import format_digest_time
from accounts.audit.instance_key import get_public_key, load_instance_key
from accounts.audit.sealer import find_head
from accounts.models import AuditCheckpoint

CHECKPOINT_SECONDS = 86_400.0


def sign_checkpoint() -> AuditCheckpoint | None:
    """Sign and store the head; None for an empty log.

    Raises `ImproperlyConfigured` for an invalid key and `OSError` if it cannot be read or stored.
    """
    head = find_head()
    if head is None:
        return None
    key, at = load_instance_key(), timezone.now()
    return AuditCheckpoint.objects.create(
        at=at,
        sequence=head.sequence,
        digest=head.digest,
        public_key=get_public_key(key),
        signature=key.sign(build_statement(at, head.sequence, head.digest)).hex(),
    )


def build_statement(at: dt.datetime, sequence: int, digest: str) -> bytes:
    """What is signed."""
    lines = ("plugport audit checkpoint 1", format_digest_time(at), str(sequence), digest)
    return "\n".join(lines).encode("ascii")
