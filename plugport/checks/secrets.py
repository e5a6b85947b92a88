"""The secrets check: files that are secrets by name, and secrets in text files.

A published secret is exposed permanently, so findings of certain secrets are errors. Findings never
contain the secret itself.
"""

from __future__ import annotations

from plugport.checks.base import Finding, Subject
from plugport.checks.rules import build_finding
from plugport.checks.secret_patterns import (
    Detector,
    build_builtin_detectors,
    load_detect_secrets_detectors,
)
from plugport.checks.secret_scan import SecretMatch, scan_text
from plugport.spec.archive.model import MIB, FileEntry
from plugport.spec.archive.secret_files import SECRET_PROBE_BYTES, list_secret_files
from plugport.spec.encoding import find_marked_encoding
from plugport.spec.sizes import format_size
from plugport.spec.text import quote_text

MAX_FILE_BYTES = 1 * MIB
MAX_TOTAL_BYTES = 16 * MIB
_PROBE_BYTES = 8192


class SecretsCheck:
    """Checks every file name, and the content of text files of at most `MAX_FILE_BYTES`."""

    name = "secrets"
    title = "Secrets"

    def run(self, subject: Subject) -> list[Finding]:
        """Findings by file. Text files beyond `MAX_TOTAL_BYTES` in total are reported, not searched."""
        paths = [file.path for file in subject.package.files]
        findings = [
            build_finding("secret-file", f"{quote_text(path)} is a secret file", path=path)
            for path in list_secret_files(paths, lambda path: _load_file_head(subject, path))
        ]
        detectors, missing = _load_detectors()
        findings += missing
        return findings + _scan_files(subject, detectors)


def _load_detectors() -> tuple[tuple[Detector, ...], list[Finding]]:
    try:
        return build_builtin_detectors() + load_detect_secrets_detectors(), []
    except ImportError:
        message = "the extra `scan` is not installed: only some secret formats were searched"
        return build_builtin_detectors(), [build_finding("scan-not-installed", message)]


def _scan_files(subject: Subject, detectors: tuple[Detector, ...]) -> list[Finding]:
    findings: list[Finding] = []
    remaining_bytes = MAX_TOTAL_BYTES
    for file in subject.package.files:
        text = _load_text(subject, file)
        if text is None:
            continue
        if file.size_bytes > MAX_FILE_BYTES or file.size_bytes > remaining_bytes:
            message = (
                f"{quote_text(file.path)} was not searched because of its size"
                f" ({format_size(file.size_bytes)})"
            )
            findings.append(build_finding("secrets-not-scanned", message, path=file.path))
            continue
        remaining_bytes -= file.size_bytes
        matches = scan_text(text, detectors, file.path)
        findings += [_build_secret_finding(file.path, match) for match in matches]
    return findings


def _load_file_head(subject: Subject, path: str) -> bytes:
    with (subject.tree / path).open("rb") as stream:
        return stream.read(SECRET_PROBE_BYTES)


def _load_text(subject: Subject, file: FileEntry) -> str | None:
    """The content of a text file; "" if it is too large, None for a binary file."""
    with (subject.tree / file.path).open("rb") as stream:
        head = stream.read(_PROBE_BYTES)
        marked = find_marked_encoding(head)
        # UTF-16 and UTF-32 texts contain NUL; in other encodings NUL means a binary file.
        if marked in {None, "utf-8-sig"} and b"\0" in head:
            return None
        if file.size_bytes > MAX_FILE_BYTES:
            return ""
        return (head + stream.read(MAX_FILE_BYTES)).decode(marked or "utf-8", "replace")


def _build_secret_finding(path: str, hit: SecretMatch) -> Finding:
    shown = f" (`{hit.masked}`)" if hit.masked else ""
    more = f", and {hit.more:,} more in this file" if hit.more else ""
    message = f"{hit.what}{shown}{more}"
    if hit.is_allowed:
        return build_finding("secret-allowed", message, path=path, line=hit.line)
    return build_finding(hit.rule, message, path=path, line=hit.line)
