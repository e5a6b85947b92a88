"""Rename a passkey."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.actions.factors.add_factor import MAX_NAME_CHARS
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import User
from accounts.queries.users import lock_account
from accounts.security.errors import FactorNameError, NoFactorError
from plugport.spec.text import quote_text


def rename_passkey(*, actor: User, factor_id: int, name: str) -> str:
    """Give a passkey of the actor another name; returns it. Writes an audit entry, without the names.

    Raises `NoFactorError`, and `FactorNameError` for a name that is empty or too long.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise FactorNameError(
            f"The name {quote_text(name[:60])} has {len(name)} characters.",
            hint=f"It must have between 1 and {MAX_NAME_CHARS}, in one line.",
        )
    with transaction.atomic():
        lock_account(actor)
        passkeys = Authenticator.objects.filter(user=actor, type=Authenticator.Type.WEBAUTHN)
        passkey = passkeys.filter(pk=factor_id).first()
        if passkey is None:
            raise NoFactorError("Your account has no such passkey.")
        passkey.data["name"] = name
        passkey.save(update_fields=["data"])
        record_audit_entry(actor=actor, action="factor.renamed", target=actor, factor=factor_id)
    return name
