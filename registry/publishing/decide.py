"""Stage 6, *decide*: a pure function from what the checks said to a verdict.

Checks report, policy decides. The policy so far: a check that broke or ran out of time holds the
release, an error finding rejects it, everything else passes. Rules with an action of their own
stand in `ACTIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from registry.models import CheckState, Trust


class Decision(StrEnum):
    """What happens to the release."""

    PUBLISH = "publish"
    HOLD = "hold"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What one check said: its name, its state, its findings as stored."""

    name: str
    state: str
    findings: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision, the sentence that explains it, and the trust the release starts with."""

    decision: Decision
    reason: str
    trust: Trust


# Severity decides unless the rule has a line here.
BY_SEVERITY: Mapping[str, Decision] = {
    "error": Decision.REJECT,
    "warning": Decision.PUBLISH,
    "note": Decision.PUBLISH,
}
ACTIONS: Mapping[str, Decision] = {
    # Without the scanner nobody has looked for secrets: that is not a pass.
    "scan-not-installed": Decision.HOLD,
}


def decide(outcomes: Sequence[CheckOutcome], *, is_official: bool) -> Verdict:
    """The verdict over all checks of a release. A check without a result never publishes."""
    broken = [o.name for o in outcomes if o.state not in (CheckState.PASSED, CheckState.FAILED)]
    findings = [finding for outcome in outcomes for finding in outcome.findings]
    refused = [f for f in findings if _get_action(f) is Decision.REJECT]
    if refused:
        first = refused[0]
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        return Verdict(Decision.REJECT, f"{first['message']}{more}", Trust.UNTRUSTED)
    if broken or not outcomes:
        names = ", ".join(broken) or "all"
        return Verdict(Decision.HOLD, f"These checks have no result: {names}.", Trust.EXPERIMENTAL)
    if any(_get_action(f) is Decision.HOLD for f in findings):
        return Verdict(Decision.HOLD, "A finding needs a person to look.", Trust.EXPERIMENTAL)
    trust = Trust.OFFICIAL if is_official else Trust.COMMUNITY
    return Verdict(Decision.PUBLISH, "All checks passed.", trust)


def _get_action(finding: Mapping[str, Any]) -> Decision:
    return ACTIONS.get(finding["rule"]) or BY_SEVERITY[finding["severity"]]
