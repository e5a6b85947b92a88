"""Why a URL was not fetched."""

from __future__ import annotations

from plugport.spec.errors import DeniedError, UnavailableError


class FetchRefusedError(DeniedError):
    """The registry does not fetch this URL: it is not http(s), or its address is not public."""

    code, title = "fetch-refused", "URL not allowed"


class FetchFailedError(UnavailableError):
    """The server did not respond in time, or did not return the requested resource."""

    code, title = "fetch-failed", "Fetch failed"
