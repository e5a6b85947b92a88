"""Each identity token is accepted once."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import AssertionRefusedError
from accounts.models import UsedAssertion
from accounts.trusted_publishing.assertions import LEEWAY, VerifiedAssertion


def record_use(assertion: VerifiedAssertion) -> None:
    """Record that the identity token is used now. Call it in the transaction that acts on it: 1 query.

    Raises `AssertionRefusedError` if it was used before, also by a request at the same time.
    """
    try:
        # A transaction of its own in that of the caller: PostgreSQL ends one after an error.
        with transaction.atomic():
            UsedAssertion.objects.create(
                sha256=assertion.sha256, expires_at=assertion.expires_at + LEEWAY
            )
    except IntegrityError:
        raise AssertionRefusedError(
            "replayed",
            "The identity token was used before.",
            hint="Each one is accepted once. Request a new one for each attempt.",
        ) from None


def delete_expired_uses() -> int:
    """Forget the identity tokens that have expired; returns their number."""
    # Later than needed: the clock of this machine may be set back.
    return UsedAssertion.objects.filter(expires_at__lt=timezone.now() - 2 * LEEWAY).delete()[0]
