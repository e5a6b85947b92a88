"""Record when a token was last used."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from accounts.models import Token

# API reads stay reads: a busy token costs one write in this time, and not one for each request.
_INTERVAL = dt.timedelta(minutes=5)


def record_token_use(*, token: Token, address: str) -> None:
    """Set the time and the address of the last use, unless that was done within the last five minutes.

    Leaves no audit entry: authentication is no change of the account.
    """
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > _INTERVAL:
        Token.objects.filter(id=token.pk).update(last_used_at=now, last_used_address=address)
