"""The tables of the app, one module a topic."""

from marketplace.models.search import SearchCursor, SearchTerm

__all__ = ["SearchCursor", "SearchTerm"]
