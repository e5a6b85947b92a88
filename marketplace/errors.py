"""Errors of the marketplace. The first paragraph of each docstring is shown at `/docs/errors`."""

from __future__ import annotations

from plugport.spec.errors import MissingError, UnavailableError


class UnknownCategoryError(MissingError):
    """No listed plugin is in this category."""

    code, title = "unknown-category", "Unknown category"


class UnknownTagError(MissingError):
    """No listed plugin has this tag."""

    code, title = "unknown-tag", "Unknown tag"


class CardsBusyError(UnavailableError):
    """The server is rendering too many social cards. Retry after the given time."""

    code, title = "cards-busy", "Too many cards are being rendered"


class ClientNotBuiltError(UnavailableError):
    """The registry has no wheel of the command line. The operator must build it."""

    code, title = "client-not-built", "Command line not built"


class ClientBuildError(UnavailableError):
    """The wheel of the command line cannot be built."""

    code, title = "client-build-failed", "Command line cannot be built"
