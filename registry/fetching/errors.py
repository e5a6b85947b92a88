"""Why something was not fetched."""

from __future__ import annotations

from plugport.spec.errors import DeniedError, UnavailableError


class FetchRefusedError(DeniedError):
    """The address is not one that this registry asks: not http(s), or not public."""

    code, title = "fetch-refused", "This address is not asked"


class FetchFailedError(UnavailableError):
    """The other machine did not answer, not in time, or not with what was asked for."""

    code, title = "fetch-failed", "The other side did not deliver"
