"""Errors of requests that both the gateway and Django report."""

from __future__ import annotations

from plugport.spec.errors import InvalidError, LimitedError, UnavailableError


class BodyTooLargeError(LimitedError):
    """The body exceeds the size limit of this path."""

    code, title = "body-too-large", "Request body too large"


class UploadTooLargeError(LimitedError):
    """The package is larger than the limit."""

    code, title = "upload-too-large", "Upload too large"


class LengthRequiredError(InvalidError):
    """The request body has no declared length."""

    code, title = "length-required", "Content-Length required"


class MethodNotAllowedError(InvalidError):
    """The path exists, but does not support this method."""

    code, title = "method-not-allowed", "Method not allowed"


class RequestTimeoutError(InvalidError):
    """The request body arrived too slowly."""

    code, title = "request-timeout", "Request timeout"


class TooManyInProgressError(LimitedError):
    """The client has too many requests, uploads or downloads in progress at the same time."""

    code, title = "too-many-in-progress", "Too many requests in progress"


class ServerUnavailableError(UnavailableError):
    """The server restarts, or has too much to do."""

    code, title = "server-unavailable", "Server unavailable"


class StorageError(UnavailableError):
    """The package storage is unavailable."""

    code, title = "storage-unavailable", "Storage unavailable"


class StorageFullError(StorageError):
    """A disk of the registry is full. Reading still works."""

    code, title = "storage-full", "Storage full"


class RateLimitedError(LimitedError):
    """The token or address made too many requests."""

    code, title = "rate-limited", "Too many requests"


class QueryError(InvalidError):
    """A query parameter has an invalid value."""

    code, title = "invalid-query", "Invalid query"
