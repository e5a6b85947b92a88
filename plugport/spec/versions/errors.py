"""What is raised for a text that is not a version."""

from __future__ import annotations

from plugport.spec.errors import InvalidError


class InvalidVersionError(InvalidError):
    """A text is not a version of Semantic Versioning 2.0.0."""

    code, title = "invalid-version", "Invalid version"
