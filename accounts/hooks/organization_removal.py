"""What else ends when a person leaves an organization, besides roles and teams.

Apps above this one have tables that accounts cannot import.
"""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import ActorKind, Organization, User

# Gets the account and who removes it. Runs in the transaction of the removal.
RemovalStep = Callable[[Organization, User, User | ActorKind], None]

# Filled by `ready` of the apps, before the first request.
_steps: list[RemovalStep] = []


def register_removal_step(step: RemovalStep) -> None:
    """Add a step. Call it from `ready`."""
    if step not in _steps:
        _steps.append(step)


def run_removal_steps(organization: Organization, user: User, by: User | ActorKind) -> None:
    """Run all steps."""
    for step in _steps:
        step(organization, user, by)
