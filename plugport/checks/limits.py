"""The size check: packages that are allowed but unusually large.

The hard limits are `ArchiveLimits`, which are enforced while the archive is read.
"""

from __future__ import annotations

from plugport.checks.base import Finding, Subject
from plugport.checks.rules import build_finding
from plugport.spec.archive.model import KIB, MIB, ArchiveLimits
from plugport.spec.archive.retained_texts import is_displayed_text
from plugport.spec.sizes import format_size
from plugport.spec.text import quote_text

LARGE_PACKAGE_BYTES = 20 * MIB
LARGE_FILE_BYTES = 5 * MIB
MANY_FILES = 2_000
LONG_README_BYTES = 256 * KIB


class LimitsCheck:
    """Compares sizes and counts with those of typical plugins."""

    name = "limits"
    title = "Size limits"

    def run(self, subject: Subject) -> list[Finding]:
        """Warnings about the package, then notes about files."""
        package = subject.package
        findings = []
        if package.unpacked_bytes > LARGE_PACKAGE_BYTES:
            message = (
                f"the package unpacks to {format_size(package.unpacked_bytes)}; typical packages have"
                f" at most {format_size(LARGE_PACKAGE_BYTES)}"
            )
            findings.append(build_finding("package-large", message))
        if len(package.files) > MANY_FILES:
            message = (
                f"the package has {len(package.files)} files; typical packages have at most"
                f" {MANY_FILES}"
            )
            findings.append(build_finding("many-files", message))
        for file in package.files:
            if file.size_bytes > LARGE_FILE_BYTES:
                message = f"{quote_text(file.path)} has {format_size(file.size_bytes)}"
                findings.append(build_finding("file-large", message, path=file.path))
        for path, content in package.texts.items():
            if path.lower().startswith("readme") and len(content) > LONG_README_BYTES:
                message = f"{quote_text(path)} has {format_size(len(content))}"
                findings.append(build_finding("readme-long", message, path=path))
        return findings + _list_unread_texts(subject)


def _list_unread_texts(subject: Subject) -> list[Finding]:
    """Texts that are shown on pages of the registry unless they are too large to be kept."""
    limits = ArchiveLimits()
    return [
        build_finding(
            "text-too-large",
            f"{quote_text(file.path)} has {format_size(file.size_bytes)}; shown are texts of at most"
            f" {format_size(limits.text_bytes)} each and {format_size(limits.texts_bytes)} together",
            path=file.path,
        )
        for file in subject.package.files
        if is_displayed_text(file.path) and file.path not in subject.package.texts
    ]
