"""Find versions in text that people write, such as git tags."""

from __future__ import annotations

import re

from plugport.spec.versions.errors import InvalidVersionError
from plugport.spec.versions.keys import MAX_VERSION_CHARS
from plugport.spec.versions.model import Version

_PREFIX = re.compile(r"=?\s*v?", re.ASCII)


def find_version(text: str) -> Version | None:
    """The version in `v1.2.3`, `=1.2.3` or ` 1.2.3 `, or None.

    Only for input such as git tags. Published versions are strict: `Version.parse` refuses all
    of these forms.
    """
    if len(text) > MAX_VERSION_CHARS:
        return None
    try:
        return Version(_PREFIX.sub("", text.strip(), count=1))
    except InvalidVersionError:
        return None
