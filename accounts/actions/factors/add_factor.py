"""Add a second factor to an account."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.actions.factors.recovery import follow_factors, notify_of_factor
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import PasswordChangedError
from accounts.models import User
from accounts.policies import check_is_verified
from accounts.queries.users import lock_unchanged_account
from accounts.security.encryption import encrypt_secret
from accounts.security.errors import FactorAnswerError, FactorExistsError
from accounts.security.factors import MAX_PASSKEYS, find_counter, normalize_code
from accounts.security.organization_session import check_is_personal
from plugport.spec.text import quote_text

MAX_NAME_CHARS = 60


def add_authenticator_app(*, actor: User, secret: str, code: str) -> None:
    """Store the secret of an app, whose current code proves that the app has it.

    Writes an audit entry and, with the first factor, recovery codes; sends a mail. The code cannot be
    used again. Raises `EmailNotVerifiedError`, `FactorAnswerError`, and `FactorExistsError` if there
    is an app already.
    """
    check_is_personal(actor)
    check_is_verified(actor)
    counter = find_counter(secret, normalize_code(code))
    if counter is None:
        raise FactorAnswerError(
            "The code is not correct.",
            hint="Enter the code that the app shows now. The clock of the device must be right.",
        )
    with transaction.atomic():
        lock_unchanged_account(actor)
        if Authenticator.objects.filter(user=actor, type=Authenticator.Type.TOTP).exists():
            raise FactorExistsError(
                "Your account has an authenticator app.", hint="Remove it before you add another."
            )
        _add(actor, Authenticator.Type.TOTP, {"secret": encrypt_secret(secret), "counter": counter})
    notify_of_factor(actor, "An authenticator app was added.")


def add_passkey(
    *, actor: User, name: str, credential: dict[str, Any], is_sign_up: bool = False
) -> None:
    """Store a passkey that the browser created, after `check_new_passkey`.

    Writes an audit entry and, with the first factor, recovery codes; sends a mail. Only at sign-up
    may the address still be unverified. Raises `EmailNotVerifiedError`, `PasswordChangedError` if the owner of the
    address took the account over since the sign-up began, and `FactorExistsError` for more than `MAX_PASSKEYS`.
    """
    check_is_personal(actor)
    if not is_sign_up:
        check_is_verified(actor)
    elif actor.is_verified or actor.has_usable_password() or actor.has_second_factor:
        raise PasswordChangedError(
            "The account was changed since you began to sign up.", hint="Sign in."
        )
    name = name.strip()[:MAX_NAME_CHARS] or "Passkey"
    with transaction.atomic():
        lock_unchanged_account(actor)
        passkeys = Authenticator.objects.filter(user=actor, type=Authenticator.Type.WEBAUTHN)
        if passkeys.count() >= MAX_PASSKEYS:
            raise FactorExistsError(
                f"An account can have at most {MAX_PASSKEYS} passkeys.",
                hint="Remove those that you no longer use.",
            )
        data = {"name": name, "credential": _select_stored(credential)}
        _add(actor, Authenticator.Type.WEBAUTHN, data)
    notify_of_factor(actor, f"The passkey {quote_text(name)} was added.")


def _select_stored(credential: dict[str, Any]) -> dict[str, Any]:
    """What the checks of later answers read; a browser may send more."""
    response = credential["response"]
    extensions = credential.get("clientExtensionResults") or {}
    properties = extensions.get("credProps") if isinstance(extensions, dict) else None
    is_resident = isinstance(properties, dict) and properties.get("rk") is True
    return {
        "id": credential["id"],
        "rawId": credential.get("rawId", credential["id"]),
        "type": "public-key",
        "response": {
            "clientDataJSON": response["clientDataJSON"],
            "attestationObject": response["attestationObject"],
        },
        "clientExtensionResults": {"credProps": {"rk": True}} if is_resident else {},
    }


def _add(actor: User, kind: str, data: dict[str, Any]) -> None:
    Authenticator.objects.create(user=actor, type=kind, data=data)
    follow_factors(actor)
    record_audit_entry(actor=actor, action="factor.added", target=actor, kind=str(kind))
