"""Read a message that a person attaches to a release and everyone can read."""

from __future__ import annotations

import re

from plugport.spec.api.values import MAX_MESSAGE_CHARS
from plugport.spec.errors import FieldError
from plugport.spec.text import find_unsafe_character, is_plain
from registry.errors import InvalidMessageError

_BREAKS = re.compile(r"\s*[\t\n\r]\s*")


def parse_message(field: str, text: str, *, min_chars: int) -> str:
    """Return the message without surrounding white space. Raises `InvalidMessageError`."""
    text = text.strip()
    if not min_chars <= len(text) <= MAX_MESSAGE_CHARS:
        _refuse(
            field,
            f"It has {len(text)} characters.",
            found=str(len(text)),
            allowed=f"{min_chars} to {MAX_MESSAGE_CHARS} characters",
        )
    return text


def parse_reason(text: str) -> str:
    """Return the reason of a moderator's decision as one line. Raises `InvalidMessageError`.

    It is public, and clients print it in terminals.
    """
    reason = parse_message("reason", _BREAKS.sub(" ", text.strip()), min_chars=1)
    if char := find_unsafe_character(reason, prose=True):
        _refuse(
            "reason",
            f"It contains the character {char}.",
            found=char,
            allowed="text without control and invisible characters",
        )
    if not any(is_plain(char) and not char.isspace() for char in reason):
        _refuse("reason", "It has no visible character.", found="blank text", allowed="text")
    return reason


def _refuse(field: str, message: str, *, found: str, allowed: str) -> None:
    error = FieldError(field, message, found=found, allowed=allowed)
    raise InvalidMessageError(f"The {field} is not valid.", fields=[error])
