"""The limits check: what is allowed but costs everybody who installs or reads it.

The hard ceilings are `ArchiveLimits`, enforced while the archive is read.
"""

from __future__ import annotations

from plugport.checks.base import Finding, Subject
from plugport.checks.rules import make_finding
from plugport.spec.archive.model import KIB, MIB
from plugport.spec.text import show

LARGE_PACKAGE_BYTES = 20 * MIB
LARGE_FILE_BYTES = 5 * MIB
MANY_FILES = 2_000
LONG_README_BYTES = 256 * KIB


class LimitsCheck:
    """Compares sizes and counts with what a plugin usually needs."""

    name = "limits"
    title = "Size limits"

    def run(self, subject: Subject) -> list[Finding]:
        """Warnings about the whole package, then notes about single files."""
        package = subject.package
        findings = []
        if package.unpacked_bytes > LARGE_PACKAGE_BYTES:
            message = f"the package unpacks to {_size(package.unpacked_bytes)}; usual are up to {_size(LARGE_PACKAGE_BYTES)}"
            findings.append(make_finding("package-large", message))
        if len(package.files) > MANY_FILES:
            message = f"the package has {len(package.files)} files; usual are up to {MANY_FILES}"
            findings.append(make_finding("many-files", message))
        for file in package.files:
            if file.size_bytes > LARGE_FILE_BYTES:
                message = f"{show(file.path)} has {_size(file.size_bytes)}"
                findings.append(make_finding("file-large", message, path=file.path))
        for path, content in package.texts.items():
            if path.lower().startswith("readme") and len(content) > LONG_README_BYTES:
                message = f"{show(path)} has {_size(len(content))}"
                findings.append(make_finding("readme-long", message, path=path))
        return findings


def _size(size_bytes: int) -> str:
    return f"{size_bytes / MIB:.1f} MiB" if size_bytes >= MIB else f"{size_bytes / KIB:.0f} KiB"
