"""Versions: strict Semantic Versioning 2.0.0 (https://semver.org/spec/v2.0.0.html).

Parsing is strict: no leading `v` or `=`, no spaces, all three numbers, no leading zeros, at most
`MAX_VERSION_CHARS` characters, numbers up to `MAX_NUMBER`. There is no loose mode; use
`find_version` to extract a version from a git tag.
"""

from plugport.spec.versions.errors import InvalidVersionError
from plugport.spec.versions.increment import PARTS, increment
from plugport.spec.versions.keys import MAX_NUMBER, MAX_SORT_KEY_CHARS, MAX_VERSION_CHARS
from plugport.spec.versions.lenient import find_version
from plugport.spec.versions.model import Version

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
