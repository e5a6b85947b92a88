"""Encryption of secrets that the server needs in clear, such as the keys of authenticator apps."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"accounts.security.encryption"


class UnreadableSecretError(ValueError):
    """The secret was encrypted with another `SECRET_KEY`."""


def encrypt_secret(text: str) -> str:
    """The text, encrypted and authenticated with a key that follows from `SECRET_KEY`."""
    return _get_cipher().encrypt(text.encode()).decode()


def decrypt_secret(encrypted: str) -> str:
    """The text behind `encrypt_secret`. Raises `UnreadableSecretError`."""
    try:
        return _get_cipher().decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise UnreadableSecretError("encrypted with another key") from None


def _get_cipher() -> MultiFernet:
    return _build_cipher((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


# Deriving keys costs more than using them. Two entries, since tests change the key.
@lru_cache(maxsize=2)
def _build_cipher(secrets: tuple[str, ...]) -> MultiFernet:
    keys = (HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(each.encode()) for each in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
