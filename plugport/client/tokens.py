"""Tokens that cannot be printed or logged by accident."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from plugport.client.errors import InvalidTokenError

# RFC 6750 allows fewer characters. Without white space and control characters a token can inject
# neither headers (CWE-113) nor log lines.
_TOKEN = re.compile(r"[\x21-\x7e]{8,4096}\Z")


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A secret. Call `reveal` only to write the header or to store the token."""

    _value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the token without outer white space. Raises `InvalidTokenError`."""
        value = text.strip()
        # The message does not contain the text, which may be a token with one wrong character.
        if not _TOKEN.match(value):
            raise InvalidTokenError(
                "A token has 8 to 4096 visible ASCII characters. This text has other characters or"
                f" another length ({len(value)}).",
                hint="Copy the token again from your account page.",
            )
        return cls(value)

    def reveal(self) -> str:
        """Return the token in plain text, for the request header and for storing it.

        `str()` and `repr()` hide it, so that it cannot get into logs and tracebacks by accident.
        """
        return self._value

    def __repr__(self) -> str:
        return "Token(***)"

    __str__ = __repr__
