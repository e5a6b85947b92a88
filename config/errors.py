"""Errors of requests and services, outside any app."""

from __future__ import annotations

from plugport.spec.errors import InvalidError, UnavailableError


class MediaTypeError(InvalidError):
    """The path does not accept the media type of the body."""

    code, title = "unsupported-media-type", "Unsupported media type"


class MalformedRequestError(InvalidError):
    """The request cannot be parsed."""

    code, title = "malformed-request", "Malformed request"


class UntrustedProxyError(InvalidError):
    """A proxy received the request over HTTPS, but the settings of the registry name no proxy."""

    code, title = "untrusted-proxy", "The registry does not trust its proxy"


class InternalError(UnavailableError):
    """The server failed unexpectedly. The error was logged."""

    code, title = "internal-error", "Internal error"


class DatabaseUnavailableError(UnavailableError):
    """The database does not respond, or another change locked it for too long."""

    code, title = "database-unavailable", "Database unavailable"


class CacheUnavailableError(UnavailableError):
    """The cache that stores rate limit counters does not respond."""

    code, title = "cache-unavailable", "Cache unavailable"


class MaintenanceError(UnavailableError):
    """The operator has put the registry into maintenance mode."""

    code, title = "maintenance", "Down for maintenance"
