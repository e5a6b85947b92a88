"""What else ends when an account gets a new password, besides its sessions and tokens.

Apps above this one know what a thief could have left behind: accounts cannot import their tables.
"""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import User

# Gets the account, and who sets the password (None for an operator). Returns a line for each thing
# that it ended, for the mail to the owner. Runs in the transaction that sets the password.
RecoveryStep = Callable[[User, User | None], list[str]]

# Filled by `ready` of the apps, before the first request.
_steps: list[RecoveryStep] = []


def register_recovery_step(step: RecoveryStep) -> None:
    """Add a step. Call it from `ready`."""
    if step not in _steps:
        _steps.append(step)


def run_recovery_steps(user: User, by: User | None) -> list[str]:
    """Run all steps; returns what they ended."""
    return [line for step in _steps for line in step(user, by)]
