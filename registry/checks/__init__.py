"""The checks of a publish, as the registry runs them."""

from __future__ import annotations

from plugport.checks.registry import CHECKS

_TITLES = {check.name: check.title for check in CHECKS}


def get_check_title(name: str) -> str:
    """What a check is called for people; its name if it is one of an older registry."""
    return _TITLES.get(name, name)
