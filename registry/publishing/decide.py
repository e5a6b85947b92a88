"""Stage 6, *decide*: a pure function from check results to a verdict.

Checks report, policy decides. An error finding rejects the release; a check without a result (it
failed or timed out) holds it for a moderator; everything else publishes it. `DECISION_BY_RULE`
lists the rules that have their own decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from plugport.checks.rules import RULES
from registry.models import CheckState, Trust


class Decision(StrEnum):
    """What to do with the release."""

    PUBLISH = "publish"
    HOLD = "hold"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """The result of one check: its name, state and findings as stored."""

    name: str
    state: str
    findings: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision, the reason in one sentence, and the trust level the release starts with."""

    decision: Decision
    reason: str
    trust: Trust


# Applies to every rule that `DECISION_BY_RULE` does not list.
DECISION_BY_SEVERITY: Mapping[str, Decision] = {
    "error": Decision.REJECT,
    "warning": Decision.PUBLISH,
    "note": Decision.PUBLISH,
}
DECISION_BY_RULE: Mapping[str, Decision] = {
    # Without the scanner the package was not searched for secrets: that is not a pass.
    "scan-not-installed": Decision.HOLD,
    # A password of a host that only its owner's network reaches may be real, and a similar name may
    # be honest. `plugport validate` says so from the same list.
    **{rule.id: Decision.HOLD for rule in RULES.values() if rule.needs_review},
}


def decide(outcomes: Sequence[CheckOutcome], *, is_official: bool) -> Verdict:
    """The verdict on all checks of a release. A check without a result never publishes it."""
    unfinished = [o.name for o in outcomes if o.state not in (CheckState.PASSED, CheckState.FAILED)]
    findings = [finding for outcome in outcomes for finding in outcome.findings]
    rejecting = [f for f in findings if _get_decision(f) is Decision.REJECT]
    # Before the unfinished checks: no result of theirs could make the package acceptable.
    if rejecting:
        first = rejecting[0]
        more = f" (and {len(rejecting) - 1} more)" if len(rejecting) > 1 else ""
        return Verdict(Decision.REJECT, f"{first['message']}{more}", Trust.UNTRUSTED)
    if unfinished or not outcomes:
        names = ", ".join(unfinished) or "all"
        return Verdict(Decision.HOLD, f"These checks have no result: {names}.", Trust.EXPERIMENTAL)
    holding = [f for f in findings if _get_decision(f) is Decision.HOLD]
    if holding:
        reason = f"A moderator must review a finding: {holding[0]['message']}"
        return Verdict(Decision.HOLD, reason, Trust.EXPERIMENTAL)
    trust = Trust.OFFICIAL if is_official else Trust.COMMUNITY
    return Verdict(Decision.PUBLISH, "All checks passed.", trust)


def list_deciding_rules(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """The rules because of which a release is not published, each once, in the order of findings."""
    rules = [f["rule"] for f in findings if _get_decision(f) is not Decision.PUBLISH]
    return list(dict.fromkeys(rules))


def _get_decision(finding: Mapping[str, Any]) -> Decision:
    return DECISION_BY_RULE.get(finding["rule"]) or DECISION_BY_SEVERITY[finding["severity"]]
