"""Errors of expensive work. The first paragraph of each docstring is shown at `/docs/errors`."""

from __future__ import annotations

from plugport.spec.errors import UnavailableError


class ServerBusyError(UnavailableError):
    """The server is computing too many results of this kind. Retry after the given time."""

    code, title = "server-busy", "The server is busy"
