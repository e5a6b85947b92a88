"""The findings on a package with several manifests. The manifest check includes them."""

from __future__ import annotations

import json

from plugport.checks.base import Finding, Subject
from plugport.checks.manifest_comparison import (
    MAX_MANIFESTS,
    DifferenceType,
    ManifestComparison,
    ManifestDifference,
    compare_manifests,
    list_other_manifests,
)
from plugport.checks.rules import build_finding
from plugport.spec.manifest.model import JsonValue
from plugport.spec.text import quote_text

MAX_VALUE_CHARS = 200
_RULES = {
    DifferenceType.CONFLICT: "manifest-conflict",
    DifferenceType.IDENTITY: "manifest-other-identity",
    DifferenceType.OTHER: "manifest-other-field",
}


def list_manifest_findings(subject: Subject) -> list[Finding]:
    """The differences between the manifest of the release and the other manifests of the package."""
    paths = [file.path for file in subject.package.files]
    comparisons = compare_manifests(subject.package.texts, paths, subject.manifest_path)
    findings = [
        finding for comparison in comparisons for finding in _list_findings(subject, comparison)
    ]
    count = len(list_other_manifests(paths, subject.manifest_path))
    if count > MAX_MANIFESTS:
        message = (
            f"the package has {count} manifests besides {quote_text(subject.manifest_path)};"
            f" at most {MAX_MANIFESTS} can be compared"
        )
        findings.append(build_finding("manifest-unreadable", message))
    return findings


def _list_findings(subject: Subject, comparison: ManifestComparison) -> list[Finding]:
    path, title = comparison.path, comparison.format.title
    selected = quote_text(subject.manifest_path)
    if not comparison.is_manifest:
        message = f"{quote_text(path)} has no name and version, so it is no manifest of {title}"
        return [build_finding("manifest-additional", message, path=path)]
    findings = [
        build_finding(
            "manifest-unreadable" if problem in comparison.problems else "manifest-other-invalid",
            f"the manifest of {title} beside {selected}: "
            + ": ".join(part for part in (problem.field, problem.detail) if part),
            path=problem.file or path,
            line=problem.line,
        )
        for problem in (*comparison.problems, *comparison.minor_problems)
    ]
    findings += [
        build_finding(
            _RULES[difference.type],
            _format_difference(subject.manifest_path, path, difference),
            path=path,
        )
        for difference in comparison.differences
    ]
    if not findings:
        message = f"{quote_text(path)} ({title}) agrees with {selected}"
        return [build_finding("manifest-additional", message, path=path)]
    return findings


def _format_difference(selected: str, other: str, difference: ManifestDifference) -> str:
    return (
        f"{quote_text(difference.field)} is {_format_value(difference.selected)}"
        f" in {quote_text(selected)} and {_format_value(difference.other)} in {quote_text(other)}"
    )


def _format_value(value: JsonValue) -> str:
    if value in (None, [], {}):
        return "not declared"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return quote_text(text, MAX_VALUE_CHARS)
