"""Texts that `plugport init` writes for the author to replace.

They are read by users of the registry if the author forgets them. The templates of `plugport init`
contain the same sentences; a test compares both.
"""

from __future__ import annotations

import re

from plugport.checks.base import Finding, Subject
from plugport.checks.rules import build_finding
from plugport.spec.text import quote_text

PERMISSIONS_TEXT = (
    "None yet. List here and in the manifest what the plugin reads, writes, runs and connects to, "
    "and why."
)
SENTENCES = (
    "List the settings of the plugin, which of them are required, and their defaults.",
    "Show a short, useful example.",
    PERMISSIONS_TEXT,
    "Replace this paragraph with the text of the license,",
    "Describe what the assistant should do, step by step, and when it is done.",
)
_FILES = re.compile(r"(?:README\.md|LICENSE|(?:.*/)?SKILL\.md)\Z")
# New files are much shorter, and a package may have any number of skills.
_MAX_BYTES = 16 << 10
_MAX_FILES = 100


def build_default_description(kind: str, name: str) -> str:
    """The description in a new manifest."""
    return f"A {kind} named {name}."


def list_template_findings(subject: Subject) -> list[Finding]:
    """A finding for the description, and one for each file that has sentences of the templates."""
    manifest, findings = subject.manifest, []
    if manifest.description == build_default_description(manifest.kind, manifest.name.name):
        message = f"`description` is still that of the template: {quote_text(manifest.description)}"
        findings.append(build_finding("template-text", message, path=subject.manifest_path))
    paths = [file.path for file in subject.package.files if _FILES.match(file.path)]
    for path in sorted(paths)[:_MAX_FILES]:
        with (subject.tree / path).open("rb") as file:
            text = file.read(_MAX_BYTES).decode("utf-8", "replace")
        found = sorted(
            (text.index(sentence), sentence) for sentence in SENTENCES if sentence in text
        )
        if found:
            start, sentence = found[0]
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            message = (
                f"{quote_text(path)} still has text of the template: {quote_text(sentence)}{more}"
            )
            line = text.count("\n", 0, start) + 1
            findings.append(build_finding("template-text", message, path=path, line=line))
    return findings
