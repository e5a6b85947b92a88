"""Issuers of identity tokens that an owner trusts for its own plugins."""

from __future__ import annotations

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import IssuerLimitError, UnknownIssuerError
from accounts.models import Owner, RegisteredIssuer, User
from accounts.policies import check_is_verified, check_may_manage_issuers
from accounts.queries.users import lock_unchanged_account
from accounts.trusted_publishing.keys import require_issuer_url

MAX_ISSUERS = 10
_MAX_ID = 2**63 - 1


def register_issuer(*, actor: User, owner: Owner, url: str) -> RegisteredIssuer:
    """Let jobs of the issuer publish plugins of the owner, as their trusted publishers say.

    Nothing is fetched before the first identity token. Registering an issuer again changes nothing.
    Writes an audit entry. Raises `EmailNotVerifiedError`, `IssuerDeniedError`, `IssuerUrlError`,
    `IssuerLimitError` and `PasswordChangedError`.
    """
    check_is_verified(actor)
    check_may_manage_issuers(actor, owner)
    url = require_issuer_url(url.strip())
    with transaction.atomic():
        # A new password ends the session that sends this.
        lock_unchanged_account(actor)
        # Locked, so that the number is exact and an issuer is registered once.
        Owner.objects.select_for_update().get(pk=owner.pk)
        issuers = RegisteredIssuer.objects.filter(owner=owner)
        found = issuers.filter(url=url).first()
        if found is not None:
            return found
        if issuers.count() >= MAX_ISSUERS:
            raise IssuerLimitError(
                f"At most {MAX_ISSUERS} issuers are allowed.", hint="Remove one that is not needed."
            )
        issuer = RegisteredIssuer.objects.create(owner=owner, url=url)
        record_audit_entry(actor=actor, action="issuer.registered", target=issuer, subject=owner)
    return issuer


def remove_issuer(*, actor: User, owner: Owner, issuer_id: int) -> RegisteredIssuer:
    """Trust an issuer of the owner no longer: its jobs get no further tokens. Returns what was deleted.

    Those they have publish no longer (`registry.publishing.trusted`). Writes an audit entry. Raises
    `IssuerDeniedError`, and `UnknownIssuerError`, also for issuers of others.
    """
    check_may_manage_issuers(actor, owner)
    with transaction.atomic():
        rows = RegisteredIssuer.objects.select_related("owner__organization").select_for_update(
            of=("self",)
        )
        issuer = rows.filter(pk=issuer_id).first() if 0 < issuer_id <= _MAX_ID else None
        if issuer is None or issuer.owner_id != owner.pk:
            who = "You have" if owner.user_id == actor.pk else f"`{owner.name}` has"
            raise UnknownIssuerError(f"{who} registered no such issuer.")
        record_audit_entry(
            actor=actor, action="issuer.removed", target=issuer, subject=issuer.owner
        )
        RegisteredIssuer.objects.filter(pk=issuer.pk).delete()
    return issuer
