"""What is raised for names."""

from __future__ import annotations

from plugport.spec.errors import InvalidError


class InvalidNameError(InvalidError):
    """A text cannot be the name of a plugin or a scope.

    `context` may hold `suggestion`: a valid name that was probably meant.
    """

    code, title = "invalid-name", "Invalid name"


class ReservedNameError(InvalidError):
    """A name is well formed but kept back, or looks like one that is."""

    code, title = "reserved-name", "Reserved name"
