"""Wait for the registry's verdict on a published package, and report it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from plugport.cli.errors import ReleaseHeldError, ReleaseRejectedError, VerdictPendingError
from plugport.cli.validation import print_check, warn_of_hidden_dependencies

if TYPE_CHECKING:
    from plugport.cli.session import Session
    from plugport.client import PublishStatus, RegistryClient
    from plugport.spec.api.releases import Check

UNDECIDED = "checking"
FIRST_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 5.0
_FINISHED = frozenset({"passed", "failed", "errored"})


def wait_for_verdict(
    session: Session, client: RegistryClient, status: PublishStatus, timeout_seconds: int
) -> PublishStatus:
    """Poll the status until the registry decides, and print each check when it ends.

    Returns the last status, which is still undecided after `timeout_seconds`.
    """
    deadline = time.monotonic() + timeout_seconds
    pause_seconds = FIRST_PAUSE_SECONDS
    printed: set[str] = set()
    # A response without a status URL has nothing to poll.
    while status.status_url is not None:
        url = status.status_url
        latest = client.get_status(url)
        _print_finished_checks(session, latest, printed)
        if latest.data["state"] != UNDECIDED or time.monotonic() >= deadline:
            return latest
        # Never sleep past the deadline, so that --timeout is exact.
        time.sleep(min(pause_seconds, max(deadline - time.monotonic(), 0)))
        # Most packages are decided within a second; slow ones must not load the registry.
        pause_seconds = min(pause_seconds * 1.5, MAX_PAUSE_SECONDS)
    _print_finished_checks(session, status, printed)
    return status


def report_verdict(session: Session, status: PublishStatus, label: str, *, is_waited: bool) -> None:
    """Print the verdict. Raises the error for a release that is not published.

    Without waiting, a release whose checks still run is a success: the registry has stored it.
    """
    warn_of_hidden_dependencies(session.output, label, status.data["hiddenDependencies"])
    session.output.print_json({"publication": status.document})
    reason = f" ({status.data['verdict']})" if status.data["verdict"] else ""
    page = f" {status.data['pageUrl']}" if status.data["pageUrl"] else ""
    # The plugin may have no public page yet. Older registries do not send the other one.
    own_page = f" {status.data['publicationUrl']}" if status.data["publicationUrl"] else page
    see_more = f" Findings and files:{own_page}" if own_page else ""
    if status.data["state"] == "published":
        session.output.print_line(f"published {label}{page}")
    elif status.data["state"] == UNDECIDED and not is_waited:
        session.output.print_line(f"uploaded {label}; the registry is checking it{own_page}")
    elif status.data["state"] == UNDECIDED:
        raise VerdictPendingError(
            f"the registry is still checking `{label}`",
            hint=f"Run `{session.format_rerun()}` to keep waiting.{see_more}",
        )
    elif status.data["state"] == "staged":
        session.output.print_line(f"staged {label}; it is published when it is approved{own_page}")
        session.output.note(f"an owner or maintainer runs `plugport approve {label}`")
    elif status.data["state"] == "held":
        raise ReleaseHeldError(
            f"`{label}` was uploaded and is held: a moderator must review it{reason}",
            # The same package again is no second release, and prints the status.
            hint=f"Run `{session.format_rerun()}` later to see the decision.{see_more}",
        )
    else:
        is_rejected = status.data["state"] == "rejected"
        raise ReleaseRejectedError(
            f"`{label}` was not published: it is {status.data['state']}{reason}",
            # Only a rejected version is free again.
            hint=(
                "Fix these problems, then publish the same version again."
                if is_rejected
                else "It cannot be published again. Increase the version number."
            )
            + see_more,
        )


def _print_finished_checks(session: Session, status: PublishStatus, printed: set[str]) -> None:
    for check in status.data["checks"]:
        if check["state"] in _FINISHED and check["name"] not in printed:
            printed.add(check["name"])
            print_check(
                session.output,
                _format_check_title(check),
                check["state"],
                [dict(finding) for finding in check["findings"]],
            )


def _format_check_title(check: Check) -> str:
    duration = f" ({check['durationMs']} ms)" if check["durationMs"] is not None else ""
    return f"{check['title'] or check['name']}{duration}"
