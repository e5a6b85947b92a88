"""Versions: strict Semantic Versioning 2.0.0 (https://semver.org/spec/v2.0.0.html)."""

from plugport.spec.versions.errors import InvalidVersionError
from plugport.spec.versions.increment import PARTS, increment
from plugport.spec.versions.model import (
    MAX_NUMBER,
    MAX_SORT_KEY_CHARS,
    MAX_VERSION_CHARS,
    Version,
    find_version,
)

__all__ = [
    "MAX_NUMBER",
    "MAX_SORT_KEY_CHARS",
    "MAX_VERSION_CHARS",
    "PARTS",
    "InvalidVersionError",
    "Version",
    "find_version",
    "increment",
]
