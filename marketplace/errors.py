"""What the portal does not find, one class a reason."""

from __future__ import annotations

from plugport.spec.errors import MissingError


class UnknownCategoryError(MissingError):
    """No listed plugin is filed under that category."""

    code, title = "unknown-category", "Unknown category"


class UnknownTagError(MissingError):
    """No listed plugin has that tag."""

    code, title = "unknown-tag", "Unknown tag"


class UnknownAccountError(MissingError):
    """There is no account of that name."""

    code, title = "unknown-account", "Unknown account"


class UnknownScopeError(MissingError):
    """There is no scope of that name."""

    code, title = "unknown-scope", "Unknown scope"
