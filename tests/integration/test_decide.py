"""The verdict is a pure function of the check results; nothing unknown is ever published."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from registry.models import CheckState, Trust
from registry.publishing.decide import CheckOutcome, Decision, decide


def build_finding(severity: str, rule: str = "some-rule") -> dict[str, Any]:
    return {"rule": rule, "severity": severity, "message": f"A {severity} of {rule}."}


def build_outcome(state: str = "passed", *findings: dict[str, Any]) -> CheckOutcome:
    return CheckOutcome("archive", state, findings)


OPEN = (CheckState.QUEUED, CheckState.RUNNING, CheckState.ERRORED)


@pytest.mark.parametrize("states", list(product(CheckState, CheckState)))
def test_one_check_without_a_result_is_enough_to_hold(states: Sequence[CheckState]) -> None:
    verdict = decide([build_outcome(state) for state in states], is_official=False)
    is_open = any(state in OPEN for state in states)
    assert verdict.decision is (Decision.HOLD if is_open else Decision.PUBLISH)


def test_a_release_without_checks_is_held() -> None:
    verdict = decide([], is_official=True)
    assert (verdict.decision, verdict.trust) == (Decision.HOLD, Trust.EXPERIMENTAL)


@pytest.mark.parametrize(
    ("severity", "decision"),
    [("note", Decision.PUBLISH), ("warning", Decision.PUBLISH), ("error", Decision.REJECT)],
)
def test_severity_decides(severity: str, decision: Decision) -> None:
    verdict = decide([build_outcome("passed", build_finding(severity))], is_official=False)
    assert verdict.decision is decision


def test_an_unknown_severity_raises_and_never_passes() -> None:
    with pytest.raises(KeyError):
        decide([build_outcome("passed", build_finding("catastrophe"))], is_official=False)


def test_a_missing_scanner_holds() -> None:
    finding = build_finding("warning", "scan-not-installed")
    verdict = decide([build_outcome("passed", finding)], is_official=False)
    assert verdict.decision is Decision.HOLD


def test_an_error_rejects_even_with_an_unfinished_check() -> None:
    """A certain error rejects the release immediately; no moderator has to review it."""
    outcomes = [build_outcome("errored"), build_outcome("failed", build_finding("error"))]
    assert decide(outcomes, is_official=False).decision is Decision.REJECT


def test_a_rejection_states_the_first_error_and_how_many_more() -> None:
    findings = [build_finding("note"), build_finding("error", "one"), build_finding("error", "two")]
    verdict = decide([build_outcome("failed", *findings)], is_official=False)
    assert verdict.reason == "A error of one. (and 1 more)"
    assert verdict.trust is Trust.UNTRUSTED


def test_a_hold_names_the_checks_without_a_result() -> None:
    verdict = decide([build_outcome(), build_outcome("errored")], is_official=False)
    assert verdict.reason == "These checks have no result: archive."


@pytest.mark.parametrize(
    ("is_official", "trust"), [(True, Trust.OFFICIAL), (False, Trust.COMMUNITY)]
)
def test_trust_comes_from_the_scope(is_official: bool, trust: Trust) -> None:
    assert decide([build_outcome()], is_official=is_official).trust is trust
