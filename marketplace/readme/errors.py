"""Errors of rendering a README. Users do not see them: the README is then shown as plain text."""

from __future__ import annotations


class TooComplexError(Exception):
    """The text has too many blocks, or blocks that are nested too deeply."""


class UnexpectedHtmlError(Exception):
    """The HTML does not have the form of the sanitizer's output."""
