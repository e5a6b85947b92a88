"""Errors of the client, apart from those that a registry reports."""

from __future__ import annotations

from plugport.spec.errors import DeniedError, InvalidError, LimitedError, UnavailableError


class InvalidUrlError(InvalidError):
    """The text is not the URL of a registry or a package."""

    code, title = "invalid-url", "Invalid URL"


class InvalidTokenError(InvalidError):
    """The text cannot be a token, because an HTTP header could not contain it."""

    code, title = "invalid-token-text", "Invalid token"


class RegistryUnreachableError(UnavailableError):
    """The name does not resolve, or there is no connection or no response in time."""

    code, title = "registry-unreachable", "Registry not reachable"


class ProxyFailedError(UnavailableError):
    """A proxy of the environment cannot be reached, or refused the request."""

    code, title = "proxy-failed", "Proxy failed"


class TransferInterruptedError(UnavailableError):
    """A response ended early. The next run resumes a partial download."""

    code, title = "transfer-cut", "Transfer interrupted"


class UnexpectedResponseError(UnavailableError):
    """The response is not one of a registry."""

    code, title = "unexpected-answer", "Unexpected response"


class UnsafeRedirectError(DeniedError):
    """A redirect leads from https to http, away from HTTP, or does not end."""

    code, title = "unsafe-redirect", "Unsafe redirect"


class ForeignHostError(DeniedError):
    """A package URL or a redirect leads to a host or an address that is not allowed."""

    code, title = "foreign-host", "Host not allowed"


class ResponseTooLargeError(LimitedError):
    """A response is larger than the limit."""

    code, title = "answer-too-large", "Response too large"


class LoginEndedError(DeniedError):
    """The sign-in in the browser was refused or took too long."""

    code, title = "login-ended", "Sign-in ended"


class IdentityTokenError(UnavailableError):
    """The CI system does not give this job an identity token."""

    code, title = "no-identity-token", "No identity token"
