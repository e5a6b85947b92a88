"""Run the registry's checks on a package on this machine, and print their findings."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from plugport.checks.base import Check, Finding, Subject
    from plugport.cli.output import Output

_STATE_LABELS = {"passed": "passed", "failed": "FAILED", "errored": "ERRORED"}


class CheckRun(Struct, frozen=True):
    """The findings of every check for one package."""

    subject: Subject
    results: tuple[tuple[Check, list[Finding]], ...]

    @property
    def findings(self) -> list[Finding]:
        """The findings of all checks."""
        return [finding for _, findings in self.results for finding in findings]

    @property
    def error_count(self) -> int:
        """The number of findings for which a registry rejects the release."""
        from plugport.checks.base import Severity

        return sum(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def review_findings(self) -> list[Finding]:
        """The findings for which a registry holds the release until a moderator has reviewed it."""
        from plugport.checks.registry import needs_review

        return [finding for finding in self.findings if needs_review(finding)]

    def as_dict(self) -> dict[str, Any]:
        """The run as JSON; `checks` has the form of the registry's publish status."""
        from plugport.checks.registry import has_errors

        manifest = self.subject.manifest
        return {
            "name": str(manifest.name),
            "version": str(manifest.version),
            "dialect": manifest.dialect,
            "kind": manifest.kind,
            "manifestPath": self.subject.manifest_path,
            "verdict": "failed" if self.error_count else "passed",
            "needsReview": bool(self.review_findings),
            "checks": [
                {
                    "name": check.name,
                    "title": check.title,
                    "state": "failed" if has_errors(findings) else "passed",
                    "findings": [finding.as_dict() for finding in findings],
                }
                for check, findings in self.results
            ],
        }


def run_checks(package: Path) -> CheckRun:
    """Run every check that needs no server.

    Raises `ArchiveError` and `ManifestError` for a package that cannot be read.
    """
    from plugport.checks.registry import CHECKS, run_check
    from plugport.checks.subject import load_subject

    # Checks read the unpacked files, which must not outlive the run.
    with tempfile.TemporaryDirectory(prefix="plugport-") as scratch:
        subject = load_subject(package, Path(scratch))
        return CheckRun(subject, tuple((check, run_check(check, subject)) for check in CHECKS))


def print_check(output: Output, title: str, state: str, findings: list[dict[str, Any]]) -> None:
    """Print the state of one check, followed by its findings."""
    output.print_line(f"{_STATE_LABELS.get(state, state):<8} {title}")
    # Findings are dicts: those of the registry may have members that this version does not know.
    for finding in findings:
        position = ":".join(str(finding[key]) for key in ("path", "line") if finding.get(key))
        prefix = f"{position}: " if position else ""
        message = f"{prefix}{finding.get('message', '')} [{finding.get('rule', '')}]"
        output.print_line(f"  {finding.get('severity', ''):<8} {message}")
        if finding.get("hint"):
            output.print_line(f"           {finding['hint']}")


def warn_of_hidden_dependencies(output: Output, label: str, names: Iterable[str]) -> None:
    """Warn of what `label` needs and others cannot install."""
    for name in names:
        output.warn(
            f"`{label}` needs `{name}`, which some of its users cannot see: they cannot install it"
        )
