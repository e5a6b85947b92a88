"""The key of the instance (Ed25519), which signs checkpoints of the audit log.

It is made once in the data folder. Several machines get the same one from `PLUGPORT_INSTANCE_KEY`.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_FILE = "instance_key"
_SEED_BYTES = 32


def load_instance_key() -> Ed25519PrivateKey:
    """The key of the settings, or that of the data folder, which is made if there is none.

    Raises `ImproperlyConfigured` if it is no base64 of 32 bytes, and `OSError` for the file.
    """
    if given := settings.INSTANCE_KEY:
        return _parse(given, "PLUGPORT_INSTANCE_KEY")
    path = Path(settings.DATA_DIR) / _FILE
    if not path.exists():
        _create(path)
    return _parse(path.read_text(encoding="ascii", errors="replace"), str(path))


def get_public_key(key: Ed25519PrivateKey) -> str:
    """The public key as 64 hex digits."""
    return key.public_key().public_bytes_raw().hex()


def is_signature(public_key: str, signature: str, message: bytes) -> bool:
    """Whether the holder of the key signed the message."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), message)
    except (ValueError, InvalidSignature):
        return False
    return True


def _parse(text: str, source: str) -> Ed25519PrivateKey:
    try:
        seed = base64.b64decode(text.strip(), validate=True)
    except (ValueError, binascii.Error):
        seed = b""
    if len(seed) != _SEED_BYTES:
        raise ImproperlyConfigured(
            f"{source} is no key. Allowed: the base64 of 32 random bytes, such as"
            " `openssl rand -base64 32` prints."
        )
    return Ed25519PrivateKey.from_private_bytes(seed)


def _create(path: Path) -> None:
    """Write a new key, readable by its owner only; the first of several processes wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The file of `mkstemp` has mode 0600. A link never replaces a key, and nobody reads half of one.
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{_FILE}-")
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(os.urandom(_SEED_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(part, path)
    Path(part).unlink()
