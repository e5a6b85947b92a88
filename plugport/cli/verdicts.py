"""Waiting for the registry's verdict on a published package, and telling it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from plugport.cli.packing import show_check
from plugport.spec.errors import InvalidError, UnavailableError

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client import CheckOutcome, PublishStatus, RegistryClient

UNDECIDED = "checking"
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
_FINISHED = frozenset({"passed", "failed", "errored"})


class ReleaseRejectedError(InvalidError):
    """The registry's checks refuse the release."""

    code, title = "release-rejected", "Release rejected"


class ReleaseHeldError(UnavailableError):
    """A moderator must look at the release before it is published."""

    code, title = "release-held", "Release held"


class VerdictPendingError(UnavailableError):
    """The registry has not decided within the time that was given."""

    code, title = "verdict-pending", "Checks not finished"


def wait_for_verdict(
    session: Session, client: RegistryClient, status: PublishStatus, timeout_seconds: int
) -> PublishStatus:
    """Ask for the status, less and less often, until it is decided; print checks as they end.

    Returns the last status, still undecided where time or the registry's patience ran out.
    """
    deadline = time.monotonic() + timeout_seconds
    pause_seconds = FIRST_PAUSE_SECONDS
    shown: set[str] = set()
    # Without an address to ask there is nothing to wait for.
    while status.status_url is not None:
        url = status.status_url
        latest = client.get_status(url)
        _show_finished(session, latest, shown)
        if latest.state != UNDECIDED or time.monotonic() >= deadline:
            return latest
        # Never past the deadline, so that --timeout means what it says.
        time.sleep(min(pause_seconds, max(deadline - time.monotonic(), 0)))
        pause_seconds = min(pause_seconds * 1.5, LONGEST_PAUSE_SECONDS)
    _show_finished(session, status, shown)
    return status


def report_verdict(session: Session, status: PublishStatus, label: str, *, is_waited: bool) -> None:
    """Say what became of the release; raise the error that says it if it is not published.

    Without waiting, a release under check is a success: the registry has it.
    """
    session.output.show_json({"publication": status.document})
    why = f" ({status.verdict})" if status.verdict else ""
    page = f" {status.page_url}" if status.page_url else ""
    if status.state == "published":
        session.output.show(f"published {label}{page}")
    elif status.state == UNDECIDED and not is_waited:
        session.output.show(f"sent {label}; the registry is checking it{page}")
    elif status.state == UNDECIDED:
        raise VerdictPendingError(
            f"the registry is still checking `{label}`",
            hint=f"Publish it again to go on waiting, or see `plugport info {label}` later.",
        )
    elif status.state == "held":
        raise ReleaseHeldError(
            f"`{label}` was received and is held: a moderator must look at it{why}",
            hint=f"`plugport info {label}` shows it once it is decided.",
        )
    else:
        raise ReleaseRejectedError(
            f"the registry does not publish `{label}`: it is {status.state}{why}",
            hint="Solve the findings, raise the version, and publish again.",
        )


def _show_finished(session: Session, status: PublishStatus, shown: set[str]) -> None:
    for check in status.checks:
        if check.state in _FINISHED and check.name not in shown:
            shown.add(check.name)
            show_check(session.output, _title(check), check.state, [*map(dict, check.findings)])


def _title(check: CheckOutcome) -> str:
    duration = f" ({check.duration_ms} ms)" if check.duration_ms is not None else ""
    return f"{check.title}{duration}"
