"""What else ends when people leave an organization, besides roles and teams.

Apps above this one have tables that accounts cannot import.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from accounts.models import ActorKind, Organization, User

# Gets the accounts and who removes them. Runs in the transaction of the removal, with a number of
# statements that does not depend on that of the accounts, but for batches of rows.
RemovalStep = Callable[[Organization, Collection[User], User | ActorKind], None]

# Filled by `ready` of the apps, before the first request.
_steps: list[RemovalStep] = []


def register_removal_step(step: RemovalStep) -> None:
    """Add a step. Call it from `ready`."""
    if step not in _steps:
        _steps.append(step)


def run_removal_steps(
    organization: Organization, users: Collection[User], by: User | ActorKind
) -> None:
    """Run all steps."""
    for step in _steps:
        step(organization, users, by)
