"""Errors of second factors."""

from __future__ import annotations

from plugport.spec.errors import ConflictError, InvalidError, MissingError


class FactorAnswerError(InvalidError):
    """The code or the passkey for a second factor is not correct, or was used before."""

    code, title = "invalid-factor", "Second factor not accepted"


class FactorExistsError(ConflictError):
    """The account has the second factor already, or as many as it can have."""

    code, title = "factor-exists", "Second factor already added"


class NoFactorError(MissingError):
    """The account does not have the second factor."""

    code, title = "unknown-factor", "Unknown second factor"


class FactorNameError(InvalidError):
    """The name of a passkey is empty, too long, or not one line."""

    code, title = "invalid-factor-name", "Invalid name of a passkey"


class UnknownSessionError(MissingError):
    """The account has no session with this id."""

    code, title = "unknown-session", "Unknown session"


class UnknownSiteError(MissingError):
    """The account has no link with this id to a website."""

    code, title = "unknown-site", "Unknown link to a website"
