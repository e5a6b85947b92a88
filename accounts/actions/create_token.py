"""Make a token."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from accounts.audit import record_act
from accounts.errors import TokenRequestError
from accounts.models import Token, User
from accounts.models.token import PREFIX, SCOPES
from plugport.spec.errors import FieldError, PlugportError
from plugport.spec.names import PluginName, parse_scope

MAX_NAME_CHARS = 100
MAX_DAYS = 3650
MAX_TOKENS = 1000


def hash_token(text: str) -> str:
    """What is stored of a token: the hex SHA-256 of its text."""
    return hashlib.sha256(text.encode()).hexdigest()


def parse_limit(text: str) -> str:
    """Normalise the plugin or scope a token is limited to. Raises a `PlugportError`."""
    if not text:
        return ""
    if text.startswith("@") and "/" not in text:
        return f"@{parse_scope(text[1:])}"
    return str(PluginName.parse(text))


def _find_faults(
    name: str, scopes: Collection[str], limit: str, days: int | None
) -> list[FieldError]:
    faults = []
    if not name.strip() or len(name) > MAX_NAME_CHARS:
        faults.append(FieldError("name", f"A name of 1 to {MAX_NAME_CHARS} characters is needed."))
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        found = ", ".join(unknown)[:100] or "none"
        faults.append(
            FieldError("scopes", f"Scopes found: {found}.", found=found, allowed=", ".join(SCOPES))
        )
    try:
        parse_limit(limit)
    except PlugportError as error:
        faults.append(FieldError("limit", error.detail, code=error.code))
    if days is not None and not 1 <= days <= MAX_DAYS:
        faults.append(FieldError("days", f"From 1 to {MAX_DAYS} days.", found=str(days)))
    return faults


def create_token(
    *,
    actor: User,
    name: str,
    scopes: Collection[str],
    limit: str = "",
    days: int | None = None,
) -> tuple[Token, str]:
    """Make a token for the actor and return it with its text, which is not kept anywhere.

    Writes the token and an audit entry. Raises `TokenRequestError` with every fault.
    """
    faults = _find_faults(name, scopes, limit, days)
    if faults:
        raise TokenRequestError("The token cannot be made.", fields=faults)
    if actor.tokens.filter(revoked_at=None).count() >= MAX_TOKENS:
        raise TokenRequestError(
            f"An account may hold {MAX_TOKENS} tokens.", hint="Revoke some that are not used."
        )
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = Token.objects.create(
            user=actor,
            name=name.strip(),
            start=text[:10],
            sha256=hash_token(text),
            scopes=[scope for scope in SCOPES if scope in set(scopes)],
            limit=parse_limit(limit),
            expires_at=None if days is None else timezone.now() + dt.timedelta(days=days),
        )
        record_act(
            actor=actor, action="token.created", target=str(token), scopes=token.scopes, limit=limit
        )
    return token, text
