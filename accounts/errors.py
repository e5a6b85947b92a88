"""Errors of accounts and tokens."""

from __future__ import annotations

from plugport.spec.errors import DeniedError, InvalidError, MissingError


class InvalidTokenError(DeniedError):
    """The token is unknown, revoked or expired. The response does not distinguish these cases."""

    code, title = "invalid-token", "Invalid token"


class TokenRequiredError(DeniedError):
    """The request requires a token, but has none."""

    code, title = "unauthenticated", "Authentication required"


class TokenScopeError(DeniedError):
    """The token is valid, but its scopes or its limit do not allow this request."""

    code, title = "token-scope", "Insufficient token permissions"


class TokenRequestError(InvalidError):
    """The request for a new token is invalid."""

    code, title = "invalid-token-request", "Invalid token request"


class UnknownUserError(MissingError):
    """No account has this user name."""

    code, title = "unknown-user", "Unknown user"
    # One error had two codes. Clients and links may use both until the next release.
    former_codes = ("unknown-account",)


class UnknownTokenError(MissingError):
    """The account has no token with this id."""

    code, title = "unknown-token", "Unknown token"
