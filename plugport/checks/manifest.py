"""The manifest check: what was read but not as the author may think, and what is left unsaid.

Whether the manifest is valid was decided before: `read_manifest` refuses what is not.
"""

from __future__ import annotations

from plugport.checks.base import Finding, Subject
from plugport.checks.rules import make_finding
from plugport.spec.names import ReservedNameError, check_reserved
from plugport.spec.text import show

_ANY_VERSION = frozenset({"", "*", "x", "X", "latest", ">=0", ">=0.0.0"})


class ManifestCheck:
    """Looks at the normalised manifest and at what its reader warned of."""

    name = "manifest"
    title = "Manifest"

    def run(self, subject: Subject) -> list[Finding]:
        """Faults of name and dependencies, the reader's warnings, then what is missing."""
        return [
            *_check_name(subject),
            *_check_dependencies(subject),
            *_list_warnings(subject),
            *_list_omissions(subject),
        ]


def _check_name(subject: Subject) -> list[Finding]:
    try:
        check_reserved(subject.manifest.name)
    except ReservedNameError as error:
        return [
            make_finding("name-reserved", error.detail, hint=error.hint, path=subject.manifest_path)
        ]
    return []


def _check_dependencies(subject: Subject) -> list[Finding]:
    own, findings = str(subject.manifest.name), []
    for name, wanted in subject.manifest.dependencies.plugins.items():
        if name == own:
            message = f"{show(own)} lists itself as a dependency"
            findings.append(
                make_finding("dependency-on-itself", message, path=subject.manifest_path)
            )
        elif wanted.strip() in _ANY_VERSION:
            message = f"the dependency {show(name)} accepts every version"
            findings.append(
                make_finding("dependency-any-version", message, path=subject.manifest_path)
            )
    return findings


def _list_warnings(subject: Subject) -> list[Finding]:
    return [
        make_finding(
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
        ("author-missing", manifest.author is None, "the manifest names no author"),
        ("repository-missing", manifest.repository is None, "the manifest names no repository"),
    )
    return [
        make_finding(rule, message, path=subject.manifest_path)
        for rule, is_missing, message in missing
        if is_missing
    ]
