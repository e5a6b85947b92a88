"""The files check: what a package of this dialect must hold, and what people expect to find."""

from __future__ import annotations

import re

from plugport.checks.base import Finding, Subject
from plugport.checks.entry_points import (
    FileIndex,
    Reference,
    find_main_candidates,
    is_build_result,
    list_components,
)
from plugport.checks.licence import find_licence_files
from plugport.checks.paths import clean_path
from plugport.checks.rules import make_finding
from plugport.spec.text import show

SHORT_README_CHARS = 40
_README = re.compile(r"README(?:\.(?:md|markdown|rst|txt))?\Z", re.IGNORECASE)
_CHANGELOG = re.compile(r"(?:CHANGELOG|CHANGES|HISTORY|RELEASES?)(?:\.\w+)?\Z", re.IGNORECASE)
_SKILL_FILE = "SKILL.md"
# Dialects whose packages are nothing but components at fixed places.
_COMPONENT_PLACES = {
    "agent-plugins": ("skills", "mcp.json"),
    "claude": ("commands", "agents", "skills", "hooks", "output-styles", ".mcp.json", ".lsp.json"),
}


class FilesCheck:
    """Looks at the list of files only, and at the length of the README."""

    name = "files"
    title = "Required files"

    def run(self, subject: Subject) -> list[Finding]:
        """Report what the manifest promises and the package lacks, then what people expect."""
        index = FileIndex([file.path for file in subject.package.files])
        findings = _check_main(subject, index)
        findings += _check_types(subject, index)
        for reference in list_components(subject.manifest):
            findings += _check_component(subject, index, reference)
        findings += _check_dialect(subject, index)
        return findings + _check_documents(subject, index)


def _check_main(subject: Subject, index: FileIndex) -> list[Finding]:
    written = subject.manifest.main
    if not written:
        return []
    where = subject.manifest_path
    candidates = find_main_candidates(written)
    if candidates is None:
        message = f"`main` is {show(written)}, which is outside the package"
        return [make_finding("path-outside", message, path=where)]
    if any(index.has_module(path) for path in candidates):
        return []
    rule = "main-not-built" if is_build_result(candidates[0]) else "main-missing"
    return [make_finding(rule, f"`main` is {show(written)}, which is not there", path=where)]


def _check_types(subject: Subject, index: FileIndex) -> list[Finding]:
    written = subject.manifest.types
    if not written:
        return []
    path = clean_path(written)
    if path is None:
        message = f"`types` is {show(written)}, which is outside the package"
        return [make_finding("path-outside", message, path=subject.manifest_path)]
    if index.has(path):
        return []
    message = f"`types` is {show(written)}, which is not there"
    return [make_finding("types-missing", message, path=subject.manifest_path)]


def _check_component(subject: Subject, index: FileIndex, reference: Reference) -> list[Finding]:
    shown = show(reference.written)
    # Assistants' own way to say "the folder of this plugin".
    written = reference.written.replace("${CLAUDE_PLUGIN_ROOT}", ".")
    path = clean_path(written)
    if path is None:
        message = f"`{reference.field}` is {shown}, which is outside the package"
        return [make_finding("path-outside", message, path=subject.manifest_path)]
    if index.has(path):
        return []
    message = f"`{reference.field}` is {shown}, which is not there"
    return [make_finding("component-missing", message, path=subject.manifest_path)]


def _check_dialect(subject: Subject, index: FileIndex) -> list[Finding]:
    dialect, findings = subject.manifest.dialect, []
    if dialect == "donkeylabs" and not subject.manifest.main and not index.has_module(""):
        message = "neither `main` nor `index.ts` says where the plugin begins"
        findings.append(make_finding("index-missing", message, path=subject.manifest_path))
    places = _COMPONENT_PLACES.get(dialect)
    if places is None:
        return findings
    for folder in sorted(_list_folders(index, "skills")):
        if f"{folder}/{_SKILL_FILE}" not in index.paths:
            message = f"the skill folder {show(folder)} has no `{_SKILL_FILE}`"
            findings.append(make_finding("skill-incomplete", message, path=folder))
    if not subject.manifest.components and not any(index.has(place) for place in places):
        message = f"none of {', '.join(f'`{place}`' for place in places)} is in the package"
        findings.append(make_finding("nothing-inside", message))
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
        findings.append(make_finding("readme-missing", "the package has no README at its root"))
    elif all(_is_short(subject, path) for path in readmes):
        message = f"{show(readmes[0])} has fewer than {SHORT_README_CHARS} characters"
        findings.append(make_finding("readme-empty", message, path=readmes[0]))
    if not any(_CHANGELOG.match(path) for path in root_files):
        findings.append(make_finding("changelog-missing", "the package has no changelog"))
    # A declared `SEE LICENSE IN FILE` is judged by the licence check.
    if not find_licence_files(root_files):
        findings.append(make_finding("licence-file-missing", "the package has no licence file"))
    return findings


def _is_short(subject: Subject, path: str) -> bool:
    content = subject.package.texts.get(path)
    return content is not None and len(content.strip()) < SHORT_README_CHARS
