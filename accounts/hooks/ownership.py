"""Which plugins belong to organizations: the tables are in an app above this one."""

from __future__ import annotations

from collections.abc import Callable, Collection

from accounts.models import Token
from plugport.spec.names import PluginName

# Gets a token that is limited to organizations, and names, also of plugins that do not exist. Returns
# those that belong to one of these organizations.
FindOwned = Callable[[Token, Collection[PluginName]], set[PluginName]]

# Filled by `ready` of the app, before the first request.
_found_by: list[FindOwned] = []


def register_ownership(find_owned: FindOwned) -> None:
    """Set the function. Call it from `ready`."""
    _found_by[:] = [find_owned]


def find_owned_names(token: Token, names: Collection[PluginName]) -> set[PluginName]:
    """The names that belong to one of the organizations of the token's limits: a fixed number of queries."""
    return {name for find_owned in _found_by for name in find_owned(token, names)}
