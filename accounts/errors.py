"""What can go wrong with accounts and tokens."""

from __future__ import annotations

from plugport.spec.errors import DeniedError, InvalidError, MissingError


class InvalidTokenError(DeniedError):
    """The token is unknown, revoked or expired; which of them is not told to strangers."""

    code, title = "invalid-token", "The token is not valid"


class TokenNeededError(DeniedError):
    """The call needs a token and had none."""

    code, title = "unauthenticated", "A token is needed"


class TokenScopeError(DeniedError):
    """The token is good but not for this."""

    code, title = "token-scope", "The token may not do this"


class TokenRequestError(InvalidError):
    """A token was asked for in a way that cannot be granted."""

    code, title = "invalid-token-request", "Invalid token request"


class UnknownUserError(MissingError):
    """There is no account of that name."""

    code, title = "unknown-user", "Unknown user"


class UnknownTokenError(MissingError):
    """The account has no such token."""

    code, title = "unknown-token", "Unknown token"
