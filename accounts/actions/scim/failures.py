"""Keep the requests that were refused, for those who set the identity provider up."""

from __future__ import annotations

from accounts.models import Organization, ScimFailure
from accounts.models.scim import REASON_CHARS

MAX_FAILURES = 50


def record_scim_failure(
    *, organization: Organization, request: str, status: int, reason: str
) -> None:
    """Store the newest 50: 3 queries. Not an audit entry, because nothing was changed."""
    ScimFailure.objects.create(
        organization=organization,
        request=_cut(request, 120),
        status=status,
        reason=_cut(reason, REASON_CHARS),
    )
    rows = organization.scim_failures.order_by("-id")
    oldest = rows.values_list("pk", flat=True)[MAX_FAILURES : MAX_FAILURES + 1].first()
    if oldest is not None:
        rows.filter(pk__lte=oldest).delete()


def _cut(text: str, chars: int) -> str:
    plain = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return plain if len(plain) <= chars else f"{plain[: chars - 1]}…"
