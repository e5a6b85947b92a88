"""The files check: files that the manifest or its format requires, and files that users expect."""

from __future__ import annotations

import re

from plugport.checks.base import Finding, Subject
from plugport.checks.entry_points import (
    FileIndex,
    Reference,
    find_main_candidates,
    is_build_result,
    iter_references,
)
from plugport.checks.license import list_license_files
from plugport.checks.paths import normalize_path
from plugport.checks.rules import build_finding
from plugport.checks.template_text import list_template_findings
from plugport.spec.changelog import is_changelog_path
from plugport.spec.encoding import decode_marked_text, find_encoding_problem
from plugport.spec.manifest.detection import is_manifest_path
from plugport.spec.manifest.formats import claude
from plugport.spec.manifest.formats.registry import get_manifest_format
from plugport.spec.text import quote_text

SHORT_README_CHARS = 40
_README = re.compile(r"README(?:\.(?:md|markdown|rst|txt))?\Z", re.IGNORECASE)
_SKILL_FILE = "SKILL.md"


class FilesCheck:
    """Checks the file list and the length of the README."""

    name = "files"
    title = "Required files"

    def run(self, subject: Subject) -> list[Finding]:
        """Findings for missing files of the manifest and its format, then for missing documents."""
        index = FileIndex([file.path for file in subject.package.files])
        findings = _check_main(subject, index)
        findings += _check_types(subject, index)
        for reference in iter_references(subject.manifest):
            findings += _check_component(subject, index, reference)
        findings += _check_manifest_format(subject, index)
        return findings + _check_documents(subject, index) + list_template_findings(subject)


def _check_main(subject: Subject, index: FileIndex) -> list[Finding]:
    written = subject.manifest.main
    if not written:
        return []
    where = subject.manifest_path
    candidates = find_main_candidates(written)
    if candidates is None:
        message = f"`main` is {quote_text(written)}, which is outside the package"
        return [build_finding("path-outside", message, path=where)]
    for path in candidates:
        if found := index.find_module(path):
            return _check_form(subject, "main", path, found)
    rule = "main-not-built" if is_build_result(candidates[0]) else "main-missing"
    return [
        build_finding(
            rule, f"`main` is {quote_text(written)}, but there is no such file", path=where
        )
    ]


def _check_types(subject: Subject, index: FileIndex) -> list[Finding]:
    written = subject.manifest.types
    if not written:
        return []
    path = normalize_path(written)
    if path is None:
        message = f"`types` is {quote_text(written)}, which is outside the package"
        return [build_finding("path-outside", message, path=subject.manifest_path)]
    if (found := index.find(path)) is not None:
        return _check_form(subject, "types", path, found)
    message = f"`types` is {quote_text(written)}, but there is no such file"
    return [build_finding("types-missing", message, path=subject.manifest_path)]


def _check_component(subject: Subject, index: FileIndex, reference: Reference) -> list[Finding]:
    shown = quote_text(reference.written)
    written = reference.written
    for variable in claude.ROOT_VARIABLES:
        written = written.replace(f"${{{variable}}}", ".")
    path = normalize_path(written)
    if path is None:
        message = f"`{reference.field}` is {shown}, which is outside the package"
        return [build_finding("path-outside", message, path=subject.manifest_path)]
    if (found := index.find(path)) is not None:
        return _check_form(subject, reference.field, path, found)
    message = f"`{reference.field}` is {shown}, but there is no such file"
    return [build_finding("component-missing", message, path=subject.manifest_path)]


def _check_form(subject: Subject, field: str, path: str, found: str) -> list[Finding]:
    """A finding if the Unicode form of a path in the manifest is not that of the file."""
    if found.startswith(path):
        return []
    message = f"`{field}` is {quote_text(path)}, but the file name is in another Unicode form"
    return [build_finding("unicode-form-differs", message, path=subject.manifest_path)]


def _check_manifest_format(subject: Subject, index: FileIndex) -> list[Finding]:
    manifest_format, findings = get_manifest_format(subject.manifest.dialect), []
    entry_point = manifest_format.entry_point
    if entry_point and not subject.manifest.main and not index.find_module(""):
        message = f"the package has no entry point: neither `main` nor `{entry_point}`"
        findings.append(build_finding("index-missing", message, path=subject.manifest_path))
    paths = manifest_format.content_paths
    if not paths:
        return findings
    for folder in sorted(_list_folders(index, "skills")):
        if f"{folder}/{_SKILL_FILE}" not in index.paths:
            message = f"the skill folder {quote_text(folder)} has no `{_SKILL_FILE}`"
            findings.append(build_finding("skill-incomplete", message, path=folder))
    if not subject.manifest.components and not any(index.find(path) is not None for path in paths):
        message = f"none of {', '.join(f'`{path}`' for path in paths)} is in the package"
        findings.append(build_finding("nothing-inside", message))
    return findings


def _list_folders(index: FileIndex, parent: str) -> list[str]:
    return [
        folder
        for folder in index.folders
        if folder.startswith(f"{parent}/") and folder.count("/") == 1
    ]


def _check_documents(subject: Subject, index: FileIndex) -> list[Finding]:
    root_files = [path for path in index.paths if "/" not in path]
    findings = []
    readmes = [path for path in root_files if _README.match(path)]
    if not readmes:
        findings.append(build_finding("readme-missing", "the package has no README at its root"))
    elif all(_is_short(subject, path) for path in readmes):
        message = f"{quote_text(readmes[0])} has fewer than {SHORT_README_CHARS} characters"
        findings.append(build_finding("readme-empty", message, path=readmes[0]))
    if not any(map(is_changelog_path, root_files)):
        findings.append(build_finding("changelog-missing", "the package has no changelog"))
    findings += [
        finding for path in sorted(root_files) for finding in _check_encoding(subject, path)
    ]
    # The license check handles `SEE LICENSE IN FILE`.
    if not list_license_files(root_files):
        findings.append(build_finding("licence-file-missing", "the package has no license file"))
    return findings


def _check_encoding(subject: Subject, path: str) -> list[Finding]:
    """A displayed text whose encoding is not known, or that is not valid UTF-8."""
    content = subject.package.texts.get(path)
    if content is None or is_manifest_path(path):
        return []
    problem = find_encoding_problem(content)
    if problem is not None:
        return [build_finding("text-encoding-unknown", f"{quote_text(path)} {problem}", path=path)]
    try:
        decode_marked_text(content)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"{quote_text(path)} is not UTF-8: byte 0x{content[error.start]:02x}"
        return [build_finding("text-invalid", message, path=path, line=line)]
    return []


def _is_short(subject: Subject, path: str) -> bool:
    content = subject.package.texts.get(path)
    if content is None:
        return False
    return len(decode_marked_text(content, "replace").strip()) < SHORT_README_CHARS
