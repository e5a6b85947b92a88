"""The secrets check: files that hold secrets by their nature, and secrets inside texts.

A published secret is out for good, so these findings are errors. No finding ever repeats the
secret itself.
"""

from __future__ import annotations

import codecs

from plugport.checks.base import Finding, Subject
from plugport.checks.rules import make_finding
from plugport.checks.secret_patterns import Detector, foreign_detectors, own_detectors
from plugport.checks.secret_scan import Hit, scan_text
from plugport.spec.archive.model import MIB, FileEntry
from plugport.spec.archive.secret_files import READ_BYTES, find_secret_files
from plugport.spec.text import show

MAX_FILE_BYTES = 1 * MIB
MAX_TOTAL_BYTES = 16 * MIB
_PROBE_BYTES = 8192
_WIDE = {
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}


class SecretsCheck:
    """Looks at every file name, and into every text of at most `MAX_FILE_BYTES`."""

    name = "secrets"
    title = "Secrets"

    def run(self, subject: Subject) -> list[Finding]:
        """Report by file; texts beyond `MAX_TOTAL_BYTES` together are named, not searched."""
        paths = [file.path for file in subject.package.files]
        findings = [
            make_finding("secret-file", f"{show(path)} is a file for secrets", path=path)
            for path in find_secret_files(paths, lambda path: _read_start(subject, path))
        ]
        detectors, missing = _collect_detectors()
        findings += missing
        return findings + _scan_files(subject, detectors)


def _collect_detectors() -> tuple[tuple[Detector, ...], list[Finding]]:
    try:
        return own_detectors() + foreign_detectors(), []
    except ImportError:
        message = "the extra `scan` is not installed: only some formats of secrets were looked for"
        return own_detectors(), [make_finding("scan-not-installed", message)]


def _scan_files(subject: Subject, detectors: tuple[Detector, ...]) -> list[Finding]:
    findings: list[Finding] = []
    left_bytes = MAX_TOTAL_BYTES
    for file in subject.package.files:
        text = _read_text(subject, file)
        if text is None:
            continue
        if file.size_bytes > MAX_FILE_BYTES or file.size_bytes > left_bytes:
            message = f"{show(file.path)} is too large to be searched ({file.size_bytes} bytes)"
            findings.append(make_finding("secrets-not-scanned", message, path=file.path))
            continue
        left_bytes -= file.size_bytes
        findings += [_describe(file.path, hit) for hit in scan_text(text, detectors)]
    return findings


def _read_start(subject: Subject, path: str) -> bytes:
    with (subject.tree / path).open("rb") as stream:
        return stream.read(READ_BYTES)


def _read_text(subject: Subject, file: FileEntry) -> str | None:
    """Read the file as text, "" for one that is too large, None for a binary one."""
    with (subject.tree / file.path).open("rb") as stream:
        head = stream.read(_PROBE_BYTES)
        encoding = next((name for bom, name in _WIDE.items() if head.startswith(bom)), "utf-8")
        if encoding != "utf-16" and b"\0" in head:
            return None
        if file.size_bytes > MAX_FILE_BYTES:
            return ""
        return (head + stream.read(MAX_FILE_BYTES)).decode(encoding, errors="replace")


def _describe(path: str, hit: Hit) -> Finding:
    shown = f" (`{hit.masked}`)" if hit.masked else ""
    message = f"{hit.what}{shown}"
    if hit.is_allowed:
        return make_finding("secret-allowed", message, path=path, line=hit.line)
    return make_finding(hit.rule, message, path=path, line=hit.line)
