"""What an organization owns in the apps above this one, and would leave without an owner."""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import Organization

# Returns the names of what the organization owns and others may depend on.
ListProperty = Callable[[Organization], list[str]]

# Filled by `ready` of the apps, before the first request.
_listed_by: list[ListProperty] = []


def register_property(list_names: ListProperty) -> None:
    """Add a function. Call it from `ready`."""
    if list_names not in _listed_by:
        _listed_by.append(list_names)


def list_property(organization: Organization) -> list[str]:
    """The names of everything, in order."""
    return [name for list_names in _listed_by for name in list_names(organization)]
