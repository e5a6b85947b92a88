"""Second factors: how django-allauth stores them, and which answers they accept."""

from __future__ import annotations

import ipaddress
import json
import struct
from typing import Any
from urllib.parse import urlsplit

import structlog
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.webauthn.internal import auth as webauthn
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db.models.signals import pre_save
from django.dispatch import receiver
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from accounts.models import User
from accounts.security.encryption import UnreadableSecretError, decrypt_secret, encrypt_secret
from accounts.security.errors import FactorAnswerError
from common.bounded_fields import check_stored_size

_log = structlog.get_logger("plugport.factors")
MAX_PASSKEYS = 20
# A passkey answers with less than 2 kB; a certificate of its maker can add some.
MAX_CREDENTIAL_CHARS = 16_384
# An answer and a name of a passkey, or an encrypted secret.
MAX_FACTOR_BYTES = 32 << 10
# What the library and the parsers below it raise for answers that no authenticator sends.
_MALFORMED = (
    *(ValidationError, ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error),
    *(OverflowError, RecursionError, InvalidSignature, UnsupportedAlgorithm),
)
# In the data of a passkey that was added shortly before a reset of the password.
SECOND_ONLY = "is_second_only"
# The types with which an account counts as protected: codes for emergencies alone do not.
FACTOR_TYPES = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # the library has no types
    """Encrypts secrets, and names this registry as the configuration does.

    The library's own methods use the Host header, which the sender of a request chooses.
    """

    def encrypt(self, text: str) -> str:
        return encrypt_secret(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt_secret(encrypted_text)

    def get_totp_issuer(self) -> str:
        """What authenticator apps show above the code."""
        return f"{settings.REGISTRY_NAME} ({settings.BASE_HOST})"

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        """The user name; an address would be stored in apps forever."""
        return user.get_username()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The host to which browsers bind passkeys, and its name."""
        return {"id": settings.BASE_HOST, "name": settings.REGISTRY_NAME}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, Any]:
        """What a passkey stores of the account: its id and its name."""
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return {**entity, "name": user.get_username(), "display_name": user.get_username()}


@receiver(pre_save, sender=Authenticator)
def _check_size(instance: Authenticator, **_: Any) -> None:
    size = len(json.dumps(instance.data))
    check_stored_size("mfa.Authenticator.data", size, MAX_FACTOR_BYTES)


def supports_passkeys() -> bool:
    """Whether browsers create passkeys for `BASE_URL`: not for addresses, only for names of hosts."""
    try:
        ipaddress.ip_address(settings.BASE_HOST)
    except ValueError:
        return settings.BASE_URL.startswith("https://") or settings.BASE_HOST == "localhost"
    return False


def normalize_code(text: str) -> str:
    """The digits of a code, without the spaces and dashes in which apps show it; empty if none."""
    code = "".join(text.split()).replace("-", "")
    return code if code.isascii() and code.isdigit() and len(code) <= 16 else ""


def find_counter(secret: str, code: str, *, after: int = 0) -> int | None:
    """The time step of which it is the code, if that is later than `after`; None for other codes."""
    found = None
    # All steps are compared, so that the time tells nothing.
    for counter in yield_hotp_counters_from_time():
        expected = format_hotp_value(hotp_value(secret, counter))
        if compare_user_code(actual=code, expected=expected) and counter > after:
            found = counter
    return found


def read_secret(factor: Authenticator) -> str | None:
    """The secret of an authenticator app; None if `SECRET_KEY` was replaced since."""
    try:
        return decrypt_secret(factor.data["secret"])
    except UnreadableSecretError:
        _log.error("factor_unreadable", user=factor.user_id, kind=factor.type)
        return None


def parse_credential(text: str) -> dict[str, Any]:
    """The answer of a browser, as JSON. Raises `FactorAnswerError`."""
    try:
        value = json.loads(text) if len(text) <= MAX_CREDENTIAL_CHARS else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _build_error()
    return value


def check_new_passkey(credential: dict[str, Any]) -> None:
    """Check the answer to the creation of a passkey in this session. Raises `FactorAnswerError`."""
    try:
        answer = webauthn.parse_registration_response(credential)
        _check_origin(answer)
        webauthn.complete_registration(credential)
    except _MALFORMED as error:
        raise _build_error() from error


def require_passkey(user: User | None, credential: dict[str, Any]) -> Authenticator:
    """The passkey that signed the challenge of this session. Raises `FactorAnswerError`.

    Without `user`, the account is the one that the passkey names, and the passkey must have verified
    the person, by a PIN or a finger: it is the only factor then.
    """
    try:
        answer: AuthenticationResponse = webauthn.parse_authentication_response(credential)
        _check_origin(answer)
        owner = user
        if owner is None:
            if not answer.response.authenticator_data.is_user_verified():
                raise _build_error()
            owner = webauthn.extract_user_from_response(credential)
        factor = webauthn.complete_authentication(owner, credential)
    except _MALFORMED as error:
        raise _build_error() from error
    _check_limit(factor, is_alone=user is None)
    return factor


def _check_limit(factor: Authenticator, *, is_alone: bool) -> None:
    """A thief may have added a passkey before the owner reset the password. Raises `FactorAnswerError`."""
    if SECOND_ONLY not in factor.data:
        return
    if is_alone:
        raise FactorAnswerError(
            "Sign in with your password once, and then use this passkey: the password was reset shortly"
            " after the passkey was added."
        )
    del factor.data[SECOND_ONLY]
    factor.save(update_fields=["data"])


def _check_origin(answer: RegistrationResponse | AuthenticationResponse) -> None:
    """The library also accepts answers to pages of other hosts below `BASE_HOST`."""
    base = urlsplit(settings.BASE_URL)
    if answer.response.client_data.origin != f"{base.scheme}://{base.netloc}".lower():
        raise _build_error()


def _build_error() -> FactorAnswerError:
    return FactorAnswerError(
        "The passkey was not accepted.", hint="Try again, or use another factor."
    )
