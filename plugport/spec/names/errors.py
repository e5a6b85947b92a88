"""Errors of plugin and scope names."""

from __future__ import annotations

from plugport.spec.errors import InvalidError


class InvalidNameError(InvalidError):
    """The text is not a valid plugin or scope name.

    `context` may hold `suggestion`: the valid name that was probably meant.
    """

    code, title = "invalid-name", "Invalid name"


class ReservedNameError(InvalidError):
    """The name is valid but reserved, or looks like a reserved name."""

    code, title = "reserved-name", "Reserved name"
