"""Typed readers of environment variables, each declared once with its meaning.

Every variable read here is collected in `DECLARED`, which the reference page
`docs/configuration.md` is tested against. A variable that cannot be read stops the start-up
with a message that names it, what was found and what is allowed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: its name, what it means, and its default as text."""

    name: str
    meaning: str
    default: str


DECLARED: dict[str, Variable] = {}


def _read(name: str, meaning: str, default: object) -> str | None:
    DECLARED[name] = Variable(name, meaning, str(default))
    value = os.environ.get(name)
    return value.strip() if value is not None else None


def read_text(name: str, default: str, meaning: str) -> str:
    """The variable as text."""
    value = _read(name, meaning, default)
    return default if value is None else value


def read_list(name: str, default: list[str], meaning: str) -> list[str]:
    """The variable as a comma-separated list, blanks dropped."""
    value = _read(name, meaning, ",".join(default))
    if value is None:
        return list(default)
    return [part.strip() for part in value.split(",") if part.strip()]


def read_bool(name: str, meaning: str, *, default: bool) -> bool:
    """The variable as yes or no. Raises `ImproperlyConfigured` for anything else."""
    value = _read(name, meaning, default)
    if value is None:
        return default
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is `{value}`; allowed are true and false")


def read_choice(name: str, default: str, meaning: str, *, allowed: tuple[str, ...]) -> str:
    """The variable as one of the words `allowed`. Raises `ImproperlyConfigured`."""
    value = read_text(name, default, meaning)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is `{value}`; allowed are {', '.join(allowed)}")
    return value


def read_int(name: str, default: int, meaning: str, *, least: int = 0) -> int:
    """The variable as a whole number of at least `least`. Raises `ImproperlyConfigured`."""
    value = _read(name, meaning, default)
    if value is None:
        return default
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name} is `{value}`; a whole number from {least} is needed")
    return int(value)


def read_secret(name: str, meaning: str, default: str = "") -> str:
    """The variable, or the content of the file that `NAME_FILE` names (container secrets).

    Raises `ImproperlyConfigured` if that file cannot be read: a secret must not be empty by
    accident.
    """
    path = _read(f"{name}_FILE", f"A file that holds {name}.", "")
    value = _read(name, meaning, "")
    if not path:
        return value or default
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}_FILE names `{path}`, which cannot be read: {error.strerror}"
        ) from error
