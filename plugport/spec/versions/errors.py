"""Errors of version parsing."""

from __future__ import annotations

from plugport.spec.errors import InvalidError


class InvalidVersionError(InvalidError):
    """The text is not a version of Semantic Versioning 2.0.0.

    `context` may hold `suggestion`: the valid version that was probably meant.
    """

    code, title = "invalid-version", "Invalid version"
