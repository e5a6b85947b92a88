"""Record why an answer of an identity provider was refused."""

from __future__ import annotations

import structlog

from accounts.models import SsoConnection, SsoFailure
from accounts.models.sso import DETAIL_CHARS
from accounts.sso.errors import SsoRefusedError

_log = structlog.get_logger("plugport.sso")
# Anyone can send wrong answers; the list is for those who set a connection up.
_MAX_KEPT = 50


def record_failure(*, connection: SsoConnection, error: SsoRefusedError) -> None:
    """Log the reason, and add it to the list of the connection, which keeps the last ones."""
    _log.warning(
        "sso_refused",
        connection=connection.public_id,
        reason=error.reason,
        detail=error.detail[:DETAIL_CHARS],
    )
    SsoFailure.objects.create(
        connection=connection, reason=error.reason, detail=error.detail[:DETAIL_CHARS]
    )
    oldest = connection.failures.values_list("pk", flat=True)[_MAX_KEPT : _MAX_KEPT + 100]
    SsoFailure.objects.filter(pk__in=list(oldest)).delete()
