"""The manifest check: other manifests, ignored fields, reserved names, missing recommended fields.

Invalid manifests never get here: `parse_manifest` refuses them.
"""

from __future__ import annotations

from plugport.checks.base import Finding, Subject
from plugport.checks.other_manifests import list_manifest_findings
from plugport.checks.rules import build_finding
from plugport.spec.names import ReservedNameError, check_reserved
from plugport.spec.text import quote_text

_ANY_VERSION = frozenset({"", "*", "x", "X", "latest", ">=0", ">=0.0.0"})


class ManifestCheck:
    """Checks the normalized manifest and the warnings of its parser."""

    name = "manifest"
    title = "Manifest"

    def run(self, subject: Subject) -> list[Finding]:
        """Problems of name and dependencies, other manifests, parser warnings, missing fields."""
        return [
            *_check_name(subject),
            *_check_dependencies(subject),
            *list_manifest_findings(subject),
            *_list_warnings(subject),
            *_list_omissions(subject),
        ]


def _check_name(subject: Subject) -> list[Finding]:
    # Only a warning: only the registry knows whether the plugin had the name before it was reserved. It
    # refuses new plugins with the name before it stores them.
    try:
        check_reserved(subject.manifest.name)
    except ReservedNameError as error:
        hint = f"{error.hint} A plugin that already has the name keeps it."
        return [build_finding("name-reserved", error.detail, hint=hint, path=subject.manifest_path)]
    return []


def _check_dependencies(subject: Subject) -> list[Finding]:
    own, findings = str(subject.manifest.name), []
    for name, requested_range in subject.manifest.dependencies.plugins.items():
        if name == own:
            message = f"{quote_text(own)} lists itself as a dependency"
            findings.append(
                build_finding("dependency-on-itself", message, path=subject.manifest_path)
            )
        elif requested_range.strip() in _ANY_VERSION:
            message = f"the dependency {quote_text(name)} accepts every version"
            findings.append(
                build_finding("dependency-any-version", message, path=subject.manifest_path)
            )
    return findings


def _list_warnings(subject: Subject) -> list[Finding]:
    return [
        build_finding(
            "manifest-ignored",
            f"`{warning.field}`: {warning.detail}" if warning.field else warning.detail,
            hint=f"Allowed: {warning.allowed}." if warning.allowed else None,
            path=warning.file or subject.manifest_path,
            line=warning.line,
        )
        for warning in subject.warnings
    ]


def _list_omissions(subject: Subject) -> list[Finding]:
    manifest = subject.manifest
    missing = (
        (
            "description-missing",
            not manifest.description.strip(),
            "the manifest has no description",
        ),
        ("author-missing", manifest.author is None, "the manifest has no author"),
        ("repository-missing", manifest.repository is None, "the manifest has no repository"),
    )
    return [
        build_finding(rule, message, path=subject.manifest_path)
        for rule, is_missing, message in missing
        if is_missing
    ]
