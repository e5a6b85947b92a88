"""What else ends when an account gets a new password, besides its sessions and tokens.

Apps above this one know what a thief could have left behind: accounts cannot import their tables.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from accounts.models import Organization, User

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


@dataclass(frozen=True, slots=True)
class OrganizationAccess:
    """Lines about what an account added to an organization, for its other owners."""

    organization: Organization
    removed: list[str]
    kept: list[str]


@dataclass(frozen=True, slots=True)
class AddedAccess:
    """Lines about what was added to an account: what was removed again, and what stays.

    Those about organizations are in `organizations` too.
    """

    removed: list[str]
    kept: list[str]
    organizations: list[OrganizationAccess] = field(default_factory=list)

    def __add__(self, other: AddedAccess) -> AddedAccess:
        return AddedAccess(
            self.removed + other.removed,
            self.kept + other.kept,
            self.organizations + other.organizations,
        )

    def add(self, name: str, at: dt.datetime, since: dt.datetime) -> bool:
        """Add a line; returns whether it is so new that the caller removes it."""
        line = f"{name}, added {at:%Y-%m-%d %H:%M} UTC"
        (self.removed if at >= since else self.kept).append(line)
        return at >= since


# Gets the account and a time; removes what was added since then. Runs in the transaction of a reset.
AccessStep = Callable[[User, dt.datetime], AddedAccess]

_access_steps: list[AccessStep] = []


def register_access_step(step: AccessStep) -> None:
    """Add a step. Call it from `ready`."""
    if step not in _access_steps:
        _access_steps.append(step)


def run_access_steps(user: User, since: dt.datetime) -> AddedAccess:
    """Run all steps; returns what they removed and what stays."""
    found = AddedAccess([], [])
    for step in _access_steps:
        found += step(user, since)
    return found
