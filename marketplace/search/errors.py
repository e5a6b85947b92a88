"""Errors of the search engines. Users do not see them: the results then come from the database."""

from __future__ import annotations

from plugport.spec.errors import UnavailableError

_REBUILD_HINT = "A running worker rebuilds the index within seconds. Without one, run `manage.py search rebuild`."


class SearchUnavailableError(UnavailableError):
    """The search engine does not respond, or not in time."""

    code, title = "search-unavailable", "Search engine not available"


class EngineTooOldError(SearchUnavailableError):
    """The server of the search engine is too old for this registry."""

    code, title = "search-engine-too-old", "Search engine too old"


class _IndexUnusableError(SearchUnavailableError):
    def __init__(self, detail: str, *, hint: str = _REBUILD_HINT) -> None:
        super().__init__(detail, hint=hint)


class IndexMissingError(_IndexUnusableError):
    """There is no index yet, or only one of another version of this software."""

    code, title = "search-index-missing", "No search index"


class IndexDamagedError(_IndexUnusableError):
    """The files of the index differ from what was written."""

    code, title = "search-index-damaged", "The search index is damaged"


class IndexOutdatedError(_IndexUnusableError):
    """The index is older than the registry believes, for example restored from a backup.

    `serial` is the last journal entry that it contains.
    """

    code, title = "search-index-outdated", "The search index is outdated"

    def __init__(self, serial: int) -> None:
        super().__init__(f"The search index contains only the changes up to {serial}.")
        self.serial = serial


class IndexBusyError(SearchUnavailableError):
    """Another process is writing the index."""

    code, title = "search-index-busy", "The search index is being written"


class PoolBusyError(Exception):
    """Every thread of a `TimeoutPool` is busy or hangs."""
