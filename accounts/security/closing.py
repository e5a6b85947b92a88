"""What other apps keep of an account: what its closing ends, and what its owner can export.

Accounts cannot import the tables of the apps above, which register themselves here in `ready`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from accounts.models import User


@dataclass(frozen=True, slots=True)
class ClosingStep:
    """A part of what depends on an account.

    `list_remaining` names what nobody else could change after the account is closed. `end` ends
    everything else, in the transaction that closes the account. `export` yields the name of a list
    with its items, as JSON-ready values.
    """

    list_remaining: Callable[[User], list[str]]
    end: Callable[[User], None]
    export: Callable[[User], Iterator[tuple[str, Iterator[Any]]]]


# Filled by `ready` of the apps, before the first request.
_steps: list[ClosingStep] = []


def register_closing_step(step: ClosingStep) -> None:
    """Add a step. Call it from `ready`."""
    if step not in _steps:
        _steps.append(step)


def list_remaining(user: User) -> list[str]:
    """What nobody could change after the account is closed."""
    return [line for step in _steps for line in step.list_remaining(user)]


def end_rest(user: User) -> None:
    """End what the account has in other apps."""
    for step in _steps:
        step.end(user)


def iter_exports(user: User) -> Iterator[tuple[str, Iterator[Any]]]:
    """The lists of the other apps."""
    for step in _steps:
        yield from step.export(user)
