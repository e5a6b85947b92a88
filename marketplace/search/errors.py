"""Why an engine cannot answer. Readers never meet these: the database answers instead."""

from __future__ import annotations

from plugport.spec.errors import UnavailableError


class SearchUnavailableError(UnavailableError):
    """The search engine does not answer, or not in time."""

    code, title = "search-unavailable", "Search engine not available"


class IndexMissingError(SearchUnavailableError):
    """There is no index yet, or it was made for another version of this software."""

    code, title = "search-index-missing", "No search index"


class IndexDamagedError(SearchUnavailableError):
    """The files of the index are not what was written."""

    code, title = "search-index-damaged", "The search index is damaged"


class IndexBusyError(SearchUnavailableError):
    """Another process writes the index."""

    code, title = "search-index-busy", "The search index is being written"
