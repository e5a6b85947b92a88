"""Tokens with which an identity provider changes the users of an organization."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.tokens.end_scim_token import end_scim_token
from accounts.errors import (
    OrganizationLimitError,
    OrganizationRequestError,
    UnknownTokenError,
)
from accounts.models import Organization, ScimToken, User
from accounts.models.token import START_CHARS, hash_token
from accounts.policies import OrganizationRight, check_is_verified, check_organization_right
from accounts.queries.organizations import lock_organization
from accounts.queries.users import lock_unchanged_account
from plugport.spec.errors import FieldError
from plugport.spec.text import has_nul
from plugport.spec.token_text import generate_token_text

MAX_NAME_CHARS = 100
# Providers keep a token in a form that somebody has to fill in again.
DEFAULT_DAYS, MAX_DAYS = 365, 366
MAX_TOKENS = 10
# As for other tokens: reads of a busy provider stay reads.
_USE_INTERVAL = dt.timedelta(minutes=5)


def create_scim_token(
    *, actor: User, organization: Organization, name: str, days: int = DEFAULT_DAYS
) -> tuple[ScimToken, str]:
    """Create a token for an owner; returns it with its text, which is not stored anywhere.

    Writes an audit entry. Raises `EmailNotVerifiedError`, `PasswordChangedError`,
    `OrganizationRightError`, `OrganizationRequestError` and `OrganizationLimitError`.
    """
    check_is_verified(actor)
    name = name.strip()
    errors = []
    if not name or len(name) > MAX_NAME_CHARS or has_nul(name) or not name.isprintable():
        errors.append(
            FieldError("name", f"The name must have 1 to {MAX_NAME_CHARS} printable characters.")
        )
    if not 1 <= days <= MAX_DAYS:
        errors.append(FieldError("days", f"The number of days must be 1 to {MAX_DAYS}."))
    with transaction.atomic():
        locked = lock_organization(organization)
        lock_unchanged_account(actor)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_PROPERTY)
        if errors:
            raise OrganizationRequestError("The token cannot be created.", fields=errors)
        now = timezone.now()
        count = locked.scim_tokens.filter(revoked_at=None, expires_at__gt=now).count()
        if count >= MAX_TOKENS:
            raise OrganizationLimitError(
                f"`{locked.name}` has {count} SCIM tokens; at most {MAX_TOKENS} are allowed.",
                hint="Revoke one that is not used.",
            )
        text = generate_token_text()
        token = ScimToken.objects.create(
            organization=locked,
            name=name,
            start=text[:START_CHARS],
            sha256=hash_token(text),
            created_by=actor,
            expires_at=now + dt.timedelta(days=days),
        )
        record_audit_entry(
            actor=actor,
            action="scim-token.created",
            target=locked,
            token=str(token),
            expires_at=token.expires_at.isoformat(),
        )
    return token, text


def revoke_scim_token(*, actor: User, organization: Organization, token_id: int) -> ScimToken:
    """Revoke a token with its next request; returns it. Writes an audit entry.

    Raises `OrganizationRightError` and `UnknownTokenError`.
    """
    with transaction.atomic():
        locked = lock_organization(organization)
        check_organization_right(actor, locked, OrganizationRight.MANAGE_PROPERTY)
        token = locked.scim_tokens.filter(pk=token_id, revoked_at=None).first()
        if token is None:
            raise UnknownTokenError(f"`{locked.name}` has no such SCIM token.")
        token.organization = locked
        end_scim_token(token, by=actor)
    return token


def record_scim_token_use(*, token: ScimToken, address: str) -> None:
    """Set the time and the address of the last use, at most every five minutes: 1 query or none."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > _USE_INTERVAL:
        ScimToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_address=address)
