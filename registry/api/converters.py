"""Path converters for plugin names and versions.

Web servers decode `%40` and `%2F` before Django sees the path, so a scoped name looks the same
whether the client encoded it or not.
"""

from __future__ import annotations


class NameConverter:
    """Matches `name` or `@scope/name`. Views check whether it is a valid name."""

    regex = r"(?:@[^/]+/[^/]+|[^/@][^/]*)"

    def to_python(self, value: str) -> str:
        """Return the value unchanged."""
        return value

    def to_url(self, value: str) -> str:
        """Return the value unchanged."""
        return value


class VersionConverter(NameConverter):
    """Matches a version or a dist-tag."""

    regex = r"[^/]+"
