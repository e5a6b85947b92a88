"""How plugin names and versions stand in a path.

Web servers hand over paths with `%40` and `%2F` already decoded, so a scoped name arrives the
same way raw and percent-encoded (API-1).
"""

from __future__ import annotations


class NameConverter:
    """`name` or `@scope/name`; whether it is a valid name is the view's business."""

    regex = r"(?:@[^/]+/[^/]+|[^/@][^/]*)"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


class VersionConverter(NameConverter):
    """A version or a dist-tag."""

    regex = r"[^/]+"
