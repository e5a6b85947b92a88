"""The checks that every release passes through, as the registry shows them."""

from __future__ import annotations

from plugport.checks.registry import CHECKS

# The check of the name needs the catalog, so only the registry runs it.
_TITLES = {"name": "Name", **{check.name: check.title for check in CHECKS}}


def get_check_title(name: str) -> str:
    """The title of a check; its name if this version no longer has the check."""
    return _TITLES.get(name, name)
