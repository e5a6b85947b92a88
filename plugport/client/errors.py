"""What can go wrong between a client and a registry, beyond what the registry itself reports."""

from __future__ import annotations

from plugport.spec.errors import DeniedError, InvalidError, LimitedError, UnavailableError


class InvalidUrlError(InvalidError):
    """A text is not the address of a registry or of a package."""

    code, title = "invalid-url", "Invalid address"


class InvalidTokenError(InvalidError):
    """A text cannot be a token: it would not survive an HTTP header."""

    code, title = "invalid-token-text", "Not a token"


class RegistryUnreachableError(UnavailableError):
    """No connection, no name, no handshake, or no answer in time."""

    code, title = "registry-unreachable", "Registry cannot be reached"


class TransferCutError(UnavailableError):
    """A download stopped before its end; what arrived is kept for the next run."""

    code, title = "transfer-cut", "Download was cut"


class UnexpectedAnswerError(UnavailableError):
    """What answered does not speak the registry's API."""

    code, title = "unexpected-answer", "Unexpected answer"


class UnsafeRedirectError(DeniedError):
    """A redirect leads from https to http, or to something that is not HTTP, or in circles."""

    code, title = "unsafe-redirect", "Unsafe redirect"


class AnswerTooLargeError(LimitedError):
    """An answer is larger than anything a registry has to say."""

    code, title = "answer-too-large", "Answer too large"
