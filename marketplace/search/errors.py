"""Errors of the search engines. Users do not see them: the results then come from the database."""

from __future__ import annotations

from plugport.spec.errors import UnavailableError


class SearchUnavailableError(UnavailableError):
    """The search engine does not respond, or not in time."""

    code, title = "search-unavailable", "Search engine not available"


class IndexMissingError(SearchUnavailableError):
    """There is no index yet, or only one of another version of this software."""

    code, title = "search-index-missing", "No search index"


class IndexDamagedError(SearchUnavailableError):
    """The files of the index differ from what was written."""

    code, title = "search-index-damaged", "The search index is damaged"


class IndexBusyError(SearchUnavailableError):
    """Another process is writing the index."""

    code, title = "search-index-busy", "The search index is being written"


class PoolBusyError(Exception):
    """Every thread of a `TimeoutPool` is busy or hangs."""
