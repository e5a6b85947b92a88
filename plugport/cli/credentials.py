"""Stored tokens: in the system's keyring, or in a file that only its owner can read.

`credentials.json` in PLUGPORT_HOME records where the token of each registry is stored. Without an
entry the keyring is not opened, which could prompt the user to unlock it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from plugport.cli.errors import BrokenCredentialsError, HomeNotWritableError, KeyringError
from plugport.client.tokens import Token
from plugport.environment.home import format_home_source
from plugport.spec.os_errors import is_disk_full, set_os_error_kind

if TYPE_CHECKING:
    from plugport.client.urls import RegistryUrl

KEYRING_SERVICE = "plugport"
FILE_BYTES = 1 << 20
_PRIVATE_MODE = 0o600


class ResolvedToken(Struct, frozen=True):
    """A token and its source: `environment`, `keyring` or `file`."""

    token: Token
    source: str


class Credentials:
    """The stored tokens of this user, by registry.

    `warn` receives messages about stored tokens that are lost or were readable by others.
    """

    def __init__(self, home: Path, warn: Callable[[str], None]) -> None:
        self.file = home / "credentials.json"
        self._warn = warn

    def find(self, registry: RegistryUrl) -> ResolvedToken | None:
        """The token for a registry. Raises `KeyringError`, `BrokenCredentialsError`."""
        entry = self._find_entries().get(registry.text)
        if entry is None:
            return None
        if "token" in entry:
            return ResolvedToken(Token.parse(str(entry["token"])), "file")
        secret = _find_in_keyring(registry.text)
        if secret is None:
            self._warn(f"the keyring no longer contains the token for `{registry}`; log in again")
            return None
        return ResolvedToken(Token.parse(secret), "keyring")

    def save(self, registry: RegistryUrl, token: Token) -> str:
        """Store a token. Returns where: `keyring` or `file`."""
        # Both cases write an entry: it names the keyring, or contains the token itself.
        in_keyring = _save_to_keyring(registry.text, token.reveal())
        entry = {"in": "keyring"} if in_keyring else {"in": "file", "token": token.reveal()}
        self._write({**self._load(), registry.text: entry})
        return entry["in"]

    def delete(self, registry: RegistryUrl) -> bool:
        """Delete the stored token of a registry. Returns whether there was one."""
        entries = self._load()
        entry = entries.pop(registry.text, None)
        if entry is None:
            return False
        if "token" not in entry:
            _delete_from_keyring(registry.text)
        self._write(entries)
        return True

    def _find_entries(self) -> dict[str, dict[str, Any]]:
        """The entries; none if the home folder cannot be read, so that commands go on."""
        try:
            return self._load()
        except OSError as error:
            self._warn(
                f"`{self.file}` cannot be read: {error.strerror}; stored tokens are not used"
            )
            return {}

    def _load(self) -> dict[str, dict[str, Any]]:
        try:
            with self.file.open("rb") as file:
                content = file.read(FILE_BYTES)
                mode = self.file.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return {}
        # A copy or a restored backup can lose the mode (CWE-732).
        if mode & 0o077:
            self.file.chmod(_PRIVATE_MODE)
            self._warn(f"`{self.file}` was readable by other users; it is private now")
        try:
            entries = json.loads(content)["registries"]
            return {str(key): dict(value) for key, value in entries.items()}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            # Without the reason: a parser's message can quote the content, which has tokens.
            raise BrokenCredentialsError(
                f"`{self.file}` is not a valid credentials file",
                hint="Delete it and log in again.",
            ) from error

    def _write(self, entries: dict[str, dict[str, Any]]) -> None:
        # Imported here: most commands only read.
        from plugport.installer.filesystem import write_json

        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_json(self.file, {"format": 1, "registries": entries}, mode=_PRIVATE_MODE)
        except OSError as error:
            raise _build_home_error(self.file, error) from error


def _build_home_error(file: Path, error: OSError) -> HomeNotWritableError:
    result = HomeNotWritableError(
        f"`{file}` cannot be written: {error.strerror}. The folder is set by "
        f"{format_home_source()}",
        hint="Free some space, or set PLUGPORT_HOME to another folder."
        if is_disk_full(error)
        else "Set PLUGPORT_HOME to a folder that you can write.",
    )
    # Without a folder there, a number means the same as a missing permission.
    if is_disk_full(error):
        set_os_error_kind(result, error)
    return result


def _find_in_keyring(registry: str) -> str | None:
    try:
        # Imported here: loading the backends takes longer than most commands.
        # Inside, because PYTHON_KEYRING_BACKEND can name a backend that does not exist.
        import keyring

        return keyring.get_password(KEYRING_SERVICE, registry)
    except Exception as error:  # Backends raise the exceptions of their own libraries.
        raise KeyringError(
            f"the keyring cannot be read for `{registry}`: {type(error).__name__}",
            hint="Unlock the keyring, set PLUGPORT_TOKEN, or log in again.",
        ) from error


def _save_to_keyring(registry: str, secret: str) -> bool:
    try:
        import keyring

        keyring.set_password(KEYRING_SERVICE, registry, secret)
        # The null backend accepts every secret and stores none.
        return keyring.get_password(KEYRING_SERVICE, registry) == secret
    except Exception:  # noqa: BLE001 - after any failure the token goes to the file instead
        return False


def _delete_from_keyring(registry: str) -> None:
    try:
        import keyring

        keyring.delete_password(KEYRING_SERVICE, registry)
    except Exception as error:
        raise KeyringError(
            f"the token for `{registry}` cannot be deleted from the keyring: "
            f"{type(error).__name__}",
            hint="Delete the entry `plugport` with your keyring application.",
        ) from error
