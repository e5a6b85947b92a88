"""The list of checks, in the order in which they run and are shown, and functions to run them."""

from __future__ import annotations

from plugport.checks.archive import ArchiveCheck
from plugport.checks.base import Check, Finding, Severity, Subject
from plugport.checks.files import FilesCheck
from plugport.checks.license import LicenseCheck
from plugport.checks.limits import LimitsCheck
from plugport.checks.manifest import ManifestCheck
from plugport.checks.rules import build_finding
from plugport.checks.secrets import SecretsCheck

CHECKS: tuple[Check, ...] = (
    ArchiveCheck(),
    ManifestCheck(),
    LimitsCheck(),
    FilesCheck(),
    LicenseCheck(),
    SecretsCheck(),
)
MAX_FINDINGS = 100
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def run_check(check: Check, subject: Subject) -> list[Finding]:
    """Run one check. Returns its findings, most severe first, and a note if there are too many.

    Passes on exceptions of the check. The caller records them as a failed run, which is different
    from a finding.
    """
    findings = sorted(check.run(subject), key=lambda finding: _ORDER[finding.severity])
    if len(findings) <= MAX_FINDINGS:
        return findings
    rest = build_finding("more-findings", f"{len(findings) - MAX_FINDINGS} more findings")
    return [*findings[:MAX_FINDINGS], rest]


def run_checks(subject: Subject) -> dict[str, list[Finding]]:
    """Run all checks in order. Returns the findings by the name of the check."""
    return {check.name: run_check(check, subject) for check in CHECKS}


def has_errors(findings: list[Finding]) -> bool:
    """Whether a finding rejects the release."""
    return any(finding.severity is Severity.ERROR for finding in findings)
