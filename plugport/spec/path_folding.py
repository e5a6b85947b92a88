"""Compare paths as file systems do."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable


def compose_path(path: str) -> str:
    """The path in Unicode normalization form C.

    The same name can be encoded in several forms: macOS writes an accent as a character of its own,
    keyboards do not. No package contains two paths that differ only in the form.
    """
    return path if path.isascii() else unicodedata.normalize("NFC", path)


class PathSpellings:
    """Finds paths in any Unicode form."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._spellings = {compose_path(path): path for path in paths}

    def find(self, path: str) -> str | None:
        """The path as it was given to the constructor, or None."""
        return self._spellings.get(compose_path(path))


def fold_path(path: str) -> str | bytes:
    """A key that is equal for paths that a case-insensitive or normalizing file system merges.

    NFKC normalization and case folding, without the formatting characters that such systems ignore
    (Unicode Standard Annex 31). Names that are not ASCII are replaced by a digest, because folding
    can make them many times longer.
    """
    if path.isascii():
        return path.lower()
    visible = "".join(char for char in path if unicodedata.category(char) != "Cf")
    folded = unicodedata.normalize("NFKC", visible).casefold()
    # Case folding can produce text that is not normalized.
    final = unicodedata.normalize("NFKC", folded)
    if final.isascii():
        return final
    return hashlib.blake2b(final.encode("utf-8"), digest_size=16).digest()
