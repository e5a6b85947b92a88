"""Check results as the admin shows them: bounded, and the most important first.

Findings quote the package, so their texts are the author's. Templates escape them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugport.checks.rules import RULES
from registry.checks import get_check_title
from registry.models import CheckRun, CheckState
from registry.publishing.decide import DECISION_BY_RULE, Decision

MAX_FINDINGS = 25
MAX_TEXT_CHARS = 600
_SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding with the title of its rule. The texts are cut."""

    severity: str
    rule: str
    title: str
    message: str
    hint: str
    path: str
    line: int | None


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """A check with at most `MAX_FINDINGS` findings; `more` counts the others."""

    title: str
    state: str
    duration_ms: int | None
    findings: Sequence[ShownFinding]
    more: int


@dataclass(frozen=True, slots=True)
class ReleaseFindings:
    """The findings of a release in one line: counts such as `2 errors`, and the first finding."""

    counts: Sequence[str]
    top: ShownFinding | None


def build_checks(runs: Iterable[CheckRun]) -> list[ShownCheck]:
    """The checks in their order, each with its findings as stored: the most severe first."""
    return [
        ShownCheck(
            get_check_title(run.name),
            run.state,
            run.duration_ms,
            [_build_finding(finding) for finding in run.findings[:MAX_FINDINGS]],
            max(0, len(run.findings) - MAX_FINDINGS),
        )
        for run in runs
    ]


def summarize_findings(runs: Iterable[CheckRun]) -> ReleaseFindings:
    """Counts by severity, and the finding that matters most: one that holds the release first."""
    runs = list(runs)
    findings = [finding for run in runs for finding in run.findings]
    found = Counter(finding["severity"] for finding in findings)
    counts = [_format_count(found[name], name) for name in _SEVERITIES if found[name]]
    unfinished = sum(run.state not in (CheckState.PASSED, CheckState.FAILED) for run in runs)
    if unfinished:
        counts.append(f"{_format_count(unfinished, 'check')} without a result")
    top = min(findings, key=_rank, default=None)
    return ReleaseFindings(counts, _build_finding(top) if top else None)


def _rank(finding: Mapping[str, Any]) -> tuple[bool, int]:
    holds = DECISION_BY_RULE.get(finding["rule"]) is Decision.HOLD
    return not holds, _SEVERITIES.index(finding["severity"])


def _format_count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _build_finding(finding: Mapping[str, Any]) -> ShownFinding:
    rule = RULES.get(finding["rule"])
    return ShownFinding(
        finding["severity"],
        finding["rule"],
        rule.title if rule else finding["rule"],
        _cut(finding["message"]),
        _cut(finding.get("hint") or ""),
        _cut(finding.get("path") or ""),
        finding.get("line"),
    )


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT_CHARS else text[: MAX_TEXT_CHARS - 1] + "…"
