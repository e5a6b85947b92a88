"""The checks in the order in which they run and are shown, and the one way to run them."""

from __future__ import annotations

from plugport.checks.archive import ArchiveCheck
from plugport.checks.base import Check, Finding, Severity, Subject
from plugport.checks.files import FilesCheck
from plugport.checks.licence import LicenceCheck
from plugport.checks.limits import LimitsCheck
from plugport.checks.manifest import ManifestCheck
from plugport.checks.rules import make_finding
from plugport.checks.secrets import SecretsCheck

CHECKS: tuple[Check, ...] = (
    ArchiveCheck(),
    ManifestCheck(),
    LimitsCheck(),
    FilesCheck(),
    LicenceCheck(),
    SecretsCheck(),
)
MAX_FINDINGS = 100
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def run_check(check: Check, subject: Subject) -> list[Finding]:
    """Run one check: findings, worst first, at most `MAX_FINDINGS` and a note of the rest.

    Raises whatever the check itself fails with; the caller records that as a failed run, which
    is not the same as a finding.
    """
    findings = sorted(check.run(subject), key=lambda finding: _ORDER[finding.severity])
    if len(findings) <= MAX_FINDINGS:
        return findings
    rest = make_finding("more-findings", f"{len(findings) - MAX_FINDINGS} further findings")
    return [*findings[:MAX_FINDINGS], rest]


def run_checks(subject: Subject) -> dict[str, list[Finding]]:
    """Run all checks in order: the findings by the check's name."""
    return {check.name: run_check(check, subject) for check in CHECKS}


def has_errors(findings: list[Finding]) -> bool:
    """Whether any finding refuses the release."""
    return any(finding.severity is Severity.ERROR for finding in findings)
