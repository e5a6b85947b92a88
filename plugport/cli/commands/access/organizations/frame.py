"""What the actions of `plugport org` have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client.organizations import OrganizationsClient


class Options(NamedTuple):
    """The options of the command. Those that the action does not take have their defaults."""

    role: str = ""
    title: str | None = None
    yes: bool = False
    search: str | None = None
    scopes: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    days: int | None = None


Run = Callable[["Session", "OrganizationsClient", list[str], Options], None]


class Action(NamedTuple):
    """What runs, its arguments in order, and the options of `Options` that it takes."""

    run: Run
    arguments: tuple[str, ...]
    options: tuple[str, ...] = ()
