"""Versions as people write them in tags and on the command line."""

from __future__ import annotations

import re

from plugport.spec.versions.errors import InvalidVersionError
from plugport.spec.versions.keys import MAX_VERSION_CHARS
from plugport.spec.versions.model import Version

_PREFIX = re.compile(r"=?\s*v?", re.ASCII)


def find_version(text: str) -> Version | None:
    """Find the version in `v1.2.3`, `=1.2.3` or ` 1.2.3 `; None for what is none even so.

    For texts from outside, such as git tags. What is published has to be strict:
    `Version.parse` refuses all of these.
    """
    if len(text) > MAX_VERSION_CHARS:
        return None
    try:
        return Version(_PREFIX.sub("", text.strip(), count=1))
    except InvalidVersionError:
        return None
