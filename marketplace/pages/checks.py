"""The results of a release's checks: what needs a look, and what passed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from plugport.spec.api.releases import Finding
from registry.checks import get_check_title
from registry.models import CheckRun, CheckState


@dataclass(frozen=True, slots=True)
class CheckResults:
    """Checks that passed without a finding, and all others with their findings.

    Both have the title of the check and are in the order of the checks.
    """

    passed: Sequence[tuple[CheckRun, str]]
    others: Sequence[tuple[CheckRun, str, Sequence[Finding]]]


def build_check_results(
    runs: Iterable[CheckRun], get_findings: Callable[[CheckRun], Sequence[Finding]]
) -> CheckResults:
    """Return the results in two parts. `get_findings` returns those that the reader may see."""
    passed, others = [], []
    for run in runs:
        title, findings = get_check_title(run.name), get_findings(run)
        if run.state == CheckState.PASSED and not findings:
            passed.append((run, title))
        else:
            others.append((run, title, findings))
    return CheckResults(passed, others)
