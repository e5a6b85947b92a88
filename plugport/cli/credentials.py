"""Where tokens are kept: in the system's keyring, else in a file that only its owner can read.

`credentials.json` in PLUGPORT_HOME says for each registry where its token is; so that a run
without a stored token never wakes the keyring, which may ask the user to unlock it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugport.client.tokens import Token
from plugport.client.urls import RegistryUrl
from plugport.installer.files import write_json
from plugport.spec.errors import InvalidError, UnavailableError

SERVICE = "plugport"
FILE_BYTES = 1 << 20
_PRIVATE_MODE = 0o600


class BrokenCredentialsError(InvalidError):
    """The file with stored tokens cannot be read."""

    code, title = "broken-credentials", "Broken credentials file"


class KeyringError(UnavailableError):
    """The keyring that holds a token does not give it."""

    code, title = "keyring-unavailable", "Keyring is not available"


@dataclass(frozen=True, slots=True)
class Found:
    """A token and where it comes from: `environment`, `keyring` or `file`."""

    token: Token
    place: str


class Credentials:
    """The stored tokens of this user, by registry."""

    def __init__(self, home: Path, warn: Callable[[str], None]) -> None:
        self.file = home / "credentials.json"
        self._warn = warn

    def find(self, registry: RegistryUrl) -> Found | None:
        """The token for a registry. Raises `KeyringError`, `BrokenCredentialsError`."""
        entry = self._read().get(registry.text)
        if entry is None:
            return None
        if "token" in entry:
            return Found(Token.parse(str(entry["token"])), "file")
        secret = _read_keyring(registry.text)
        if secret is None:
            self._warn(f"the keyring has lost the token for `{registry}`; log in again")
            return None
        return Found(Token.parse(secret), "keyring")

    def save(self, registry: RegistryUrl, token: Token) -> str:
        """Keep a token and say where: `keyring` or `file`."""
        # The entry is written in both cases: it says where to look, or holds the token itself.
        in_keyring = _write_keyring(registry.text, token.reveal())
        entry = {"in": "keyring"} if in_keyring else {"in": "file", "token": token.reveal()}
        self._write({**self._read(), registry.text: entry})
        return entry["in"]

    def forget(self, registry: RegistryUrl) -> bool:
        """Remove a token; False if none was stored."""
        entries = self._read()
        entry = entries.pop(registry.text, None)
        if entry is None:
            return False
        if "token" not in entry:
            _clear_keyring(registry.text)
        self._write(entries)
        return True

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            with self.file.open("rb") as file:
                content = file.read(FILE_BYTES)
                mode = self.file.stat().st_mode
        except FileNotFoundError:
            return {}
        # A copy or a restored backup may have lost the mode.
        if mode & 0o077:
            self._warn(f"`{self.file}` was readable by others; it is private now")
            self.file.chmod(_PRIVATE_MODE)
        try:
            entries = json.loads(content)["registries"]
            return {str(key): dict(value) for key, value in entries.items()}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            # The reason is left out: it could quote the content.
            raise BrokenCredentialsError(
                f"`{self.file}` cannot be read", hint="Remove it and log in again."
            ) from error

    def _write(self, entries: dict[str, dict[str, Any]]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_json(self.file, {"format": 1, "registries": entries}, mode=_PRIVATE_MODE)


def _read_keyring(registry: str) -> str | None:
    import keyring

    try:
        return keyring.get_password(SERVICE, registry)
    except Exception as error:  # Backends raise whatever their services raise.
        raise KeyringError(
            f"the keyring does not give the token for `{registry}`: {type(error).__name__}",
            hint="Unlock it, or set PLUGPORT_TOKEN, or log in again.",
        ) from error


def _write_keyring(registry: str, secret: str) -> bool:
    import keyring

    try:
        keyring.set_password(SERVICE, registry, secret)
        # Some backends take everything and keep nothing.
        return keyring.get_password(SERVICE, registry) == secret
    except Exception:  # noqa: BLE001 - any failure means the same: no keyring here
        return False


def _clear_keyring(registry: str) -> None:
    import keyring

    try:
        keyring.delete_password(SERVICE, registry)
    except Exception as error:
        raise KeyringError(
            f"the keyring does not forget the token for `{registry}`: {type(error).__name__}",
            hint="Remove the entry `plugport` with your keyring's own program.",
        ) from error
