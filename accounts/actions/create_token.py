"""Create an API token."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import TokenRequestError
from accounts.models import Token, User
from accounts.models.token import PREFIX, SCOPES, hash_token
from accounts.policies import check_is_verified
from accounts.queries.users import lock_unchanged_account
from plugport.spec.errors import FieldError, PlugportError
from plugport.spec.names import PluginName, parse_scope

MAX_NAME_CHARS = 100
MAX_DAYS = 3650
# Bounds the table and the account page against a script that never revokes its tokens.
MAX_TOKENS = 1000


def parse_limit(text: str) -> str:
    """Normalize the plugin or scope that a token is limited to. Raises a `PlugportError`."""
    if not text:
        return ""
    if text.startswith("@") and "/" not in text:
        return f"@{parse_scope(text[1:])}"
    return str(PluginName.parse(text))


def _list_field_errors(
    name: str, scopes: Collection[str], limit: str, days: int | None
) -> list[FieldError]:
    errors = []
    if not name.strip() or len(name) > MAX_NAME_CHARS:
        errors.append(FieldError("name", f"The name must have 1 to {MAX_NAME_CHARS} characters."))
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        names = ", ".join(unknown)[:100] or "none"
        detail = f"Unknown scopes: {names}." if unknown else "At least one scope is required."
        errors.append(FieldError("scopes", detail, found=names, allowed=", ".join(SCOPES)))
    try:
        parse_limit(limit)
    except PlugportError as error:
        errors.append(FieldError("limit", error.detail, code=error.code))
    if days is not None and not 1 <= days <= MAX_DAYS:
        errors.append(
            FieldError("days", f"The number of days must be 1 to {MAX_DAYS}.", found=str(days))
        )
    return errors


def create_token(
    *,
    actor: User,
    name: str,
    scopes: Collection[str],
    limit: str = "",
    days: int | None = None,
) -> tuple[Token, str]:
    """Create a token for the actor; returns it with its text, which is not stored anywhere.

    Writes the token and an audit entry. Raises `EmailNotVerifiedError`,
    `PasswordChangedError`, and `TokenRequestError` with all invalid fields.
    """
    check_is_verified(actor)
    field_errors = _list_field_errors(name, scopes, limit, days)
    if field_errors:
        raise TokenRequestError("The token cannot be created.", fields=field_errors)
    # Not locked: concurrent requests can exceed the limit by a few tokens, which does no harm.
    if actor.tokens.filter(revoked_at=None).count() >= MAX_TOKENS:
        raise TokenRequestError(
            f"An account can have at most {MAX_TOKENS} tokens.",
            hint="Revoke tokens that you no longer use.",
        )
    # 32 bytes: 256 bits, so a plain hash of the text is safe to store.
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        # The session of a thief may be older than a password reset that commits now, which revokes
        # only the tokens that exist.
        lock_unchanged_account(actor)
        token = Token.objects.create(
            user=actor,
            name=name.strip(),
            start=text[:10],
            sha256=hash_token(text),
            # In a fixed order and without duplicates, whatever the client sent.
            scopes=[scope for scope in SCOPES if scope in set(scopes)],
            limit=parse_limit(limit),
            expires_at=None if days is None else timezone.now() + dt.timedelta(days=days),
        )
        record_audit_entry(
            actor=actor, action="token.created", target=str(token), scopes=token.scopes, limit=limit
        )
    return token, text
