"""The text of a token: `pp_`, 43 random letters and digits, and 6 that are their checksum.

The checksum lets a secret scanner report a text without a request to the registry, and a registry
refuse a mistyped one without a query. It is CRC-32 (ISO 3309) of all characters before it, in base 62.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib

PREFIX = "pp_"
# The regular expression for secret scanners.
PATTERN = r"\bpp_[0-9A-Za-z]{49}\b"
# The digits of base 62 by their value.
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
# 62 ** 43 is more than 2 ** 256: nobody can guess the text, so its plain hash is safe to store.
_RANDOM_CHARS = 43
_CHECKSUM_CHARS = 6
_COMPLETE = re.compile(rf"pp_[0-9A-Za-z]{{{_RANDOM_CHARS + _CHECKSUM_CHARS}}}\Z")
# Tokens from before the checksum. They are valid until they expire.
_FORMER = re.compile(rf"pp_[0-9A-Za-z_-]{{{_RANDOM_CHARS}}}\Z")


def generate_token_text() -> str:
    """Return the text of a new token."""
    body = PREFIX + "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM_CHARS))
    return body + compute_checksum(body)


def compute_checksum(body: str) -> str:
    """Return the six characters that follow the others."""
    number = zlib.crc32(body.encode())
    digits = []
    for _ in range(_CHECKSUM_CHARS):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def is_token_text(text: str) -> bool:
    """Whether the text has the form of a token: with a correct checksum, or the form without one."""
    if _COMPLETE.match(text):
        return compute_checksum(text[:-_CHECKSUM_CHARS]) == text[-_CHECKSUM_CHARS:]
    return _FORMER.match(text) is not None
