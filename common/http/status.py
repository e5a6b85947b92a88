"""The HTTP status of each error."""

from __future__ import annotations

from plugport.spec.errors import ErrorKind, PlugportError

_STATUS_BY_KIND = {
    ErrorKind.INVALID: 400,
    ErrorKind.DENIED: 403,
    ErrorKind.MISSING: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.LIMITED: 429,
    ErrorKind.UNAVAILABLE: 503,
}
# Codes for which HTTP has a more exact status than their kind.
_STATUS_BY_CODE = {
    "unauthenticated": 401,
    "invalid-token": 401,
    "method-not-allowed": 405,
    "request-timeout": 408,
    "length-required": 411,
    "body-too-large": 413,
    "upload-too-large": 413,
    "unsupported-media-type": 415,
    "range-not-satisfiable": 416,
    "internal-error": 500,
    # RFC 4918, section 11.5.
    "storage-full": 507,
}


def get_status(error: PlugportError | type[PlugportError]) -> int:
    """The status for an error or for a class of errors."""
    return _STATUS_BY_CODE.get(error.code, _STATUS_BY_KIND[error.kind])
