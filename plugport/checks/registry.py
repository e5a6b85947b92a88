"""The list of checks, in the order in which they run and are shown, and functions to run them."""

from __future__ import annotations

from msgspec.structs import replace

from plugport.checks.archive import ArchiveCheck
from plugport.checks.base import Check, Finding, Severity, Subject
from plugport.checks.files import FilesCheck
from plugport.checks.license import LicenseCheck
from plugport.checks.limits import LimitsCheck
from plugport.checks.manifest import ManifestCheck
from plugport.checks.rules import RULES, build_finding
from plugport.checks.secrets import SecretsCheck
from plugport.spec.text import shorten_text

CHECKS: tuple[Check, ...] = (
    ArchiveCheck(),
    ManifestCheck(),
    LimitsCheck(),
    FilesCheck(),
    LicenseCheck(),
    SecretsCheck(),
)
MAX_FINDINGS = 100
# Messages quote texts of the package, which may be long.
MAX_FINDING_CHARS = 1_000
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 2, Severity.NOTE: 3}
_REVIEW_ORDER = 1


def run_check(check: Check, subject: Subject) -> list[Finding]:
    """Run one check. Returns its findings, most severe first, and a note if there are too many.

    Those that need a review come before other warnings, so that none of them is left out for those.
    Passes on exceptions of the check. The caller records them as a failed run, which is different
    from a finding.
    """
    findings = sorted(map(_shorten_finding, check.run(subject)), key=_get_order)
    if len(findings) <= MAX_FINDINGS:
        return findings
    rest = build_finding("more-findings", f"{len(findings) - MAX_FINDINGS} more findings")
    return [*findings[:MAX_FINDINGS], rest]


def _get_order(finding: Finding) -> int:
    order = _ORDER[finding.severity]
    return min(order, _REVIEW_ORDER) if needs_review(finding) else order


def _shorten_finding(finding: Finding) -> Finding:
    hint = finding.hint and shorten_text(finding.hint, MAX_FINDING_CHARS)
    message = shorten_text(finding.message, MAX_FINDING_CHARS)
    return replace(finding, message=message, hint=hint)


def run_checks(subject: Subject) -> dict[str, list[Finding]]:
    """Run all checks in order. Returns the findings by the name of the check."""
    return {check.name: run_check(check, subject) for check in CHECKS}


def has_errors(findings: list[Finding]) -> bool:
    """Whether a finding rejects the release."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def needs_review(finding: Finding) -> bool:
    """Whether a person must look at the finding before a registry publishes the release."""
    return RULES[finding.rule].needs_review
