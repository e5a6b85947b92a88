"""A token as a value that cannot be printed by accident."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from plugport.client.errors import InvalidTokenError

# RFC 6750 `b64token` is narrower; any visible ASCII survives a header and no log injection fits.
_TOKEN = re.compile(r"[\x21-\x7e]{8,4096}\Z")


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """What proves who is asking. `reveal` is called where the header is written or it is stored."""

    _value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """A token from user input, blanks around it removed. Raises `InvalidTokenError`."""
        value = text.strip()
        # The text itself is not repeated: it may be a token with one character too many.
        if not _TOKEN.match(value):
            raise InvalidTokenError(
                f"a token has 8 to 4096 visible ASCII characters; this text has {len(value)} "
                "characters or others among them",
                hint="Copy the token again from your account page.",
            )
        return cls(value)

    def reveal(self) -> str:
        """The secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "Token(***)"

    __str__ = __repr__
