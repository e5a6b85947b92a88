"""The licence check: is one declared, is it readable by machines, does the file agree."""

from __future__ import annotations

import re

from plugport.checks.base import Finding, Subject
from plugport.checks.licence_ids import Expression, find_nearest_id, parse_expression
from plugport.checks.licence_texts import recognise_licence
from plugport.checks.paths import clean_path
from plugport.checks.rules import make_finding

_SEE_FILE = re.compile(r"SEE LICEN[CS]E IN\s+(?P<file>.+)\Z", re.IGNORECASE)
_LICENCE_FILE = re.compile(r"(?:LICEN[CS]E|COPYING|UNLICENSE)(?:[-._].*)?\Z", re.IGNORECASE)
# npm's word for "nobody may use this"; people who write "proprietary" mean the same.
_OWN_TERMS = {"unlicensed", "proprietary", "all rights reserved"}
_SHOWN_CHARS = 80


class LicenceCheck:
    """Looks at the manifest's `license` and at the licence files of the root."""

    name = "licence"
    title = "Licence"

    def run(self, subject: Subject) -> list[Finding]:
        """Judge the declared licence; never an error: the author decides on terms."""
        declared = (subject.manifest.license or "").strip()
        where = subject.manifest_path
        if not declared:
            return [_report_missing(subject)]
        if match := _SEE_FILE.match(declared):
            return _check_named_file(subject, match["file"].strip())
        if declared.lower() in _OWN_TERMS:
            message = f"the licence `{declared}` grants nothing to anybody"
            return [make_finding("licence-own-terms", message, path=where)]
        expression = parse_expression(declared)
        findings = _check_expression(declared, expression, where)
        if not expression.fault and not expression.unknown:
            findings += _check_files(subject, declared, expression)
        return findings


def find_licence_files(paths: list[str]) -> list[str]:
    """List the licence files at the root of a package, by name."""
    return [path for path in paths if "/" not in path and _LICENCE_FILE.match(path)]


def _report_missing(subject: Subject) -> Finding:
    """Names the id to write when the package's own licence file already says it."""
    for path in find_licence_files([file.path for file in subject.package.files]):
        if ids := recognise_licence(subject.package.texts.get(path, b"")):
            hint = f"`{path}` holds the text of {_join(ids)}: set `license` to it."
            return make_finding(
                "licence-missing",
                "the manifest declares no licence",
                hint=hint,
                path=subject.manifest_path,
            )
    return make_finding(
        "licence-missing", "the manifest declares no licence", path=subject.manifest_path
    )


def _check_named_file(subject: Subject, name: str) -> list[Finding]:
    path = clean_path(name)
    if path is None or subject.package.find_file(path) is None:
        message = f"the manifest says `SEE LICENSE IN {name[:_SHOWN_CHARS]}`, which is not there"
        return [make_finding("licence-file-not-found", message, path=subject.manifest_path)]
    message = f"the licence is in `{path}`"
    return [make_finding("licence-own-terms", message, path=path)]


def _check_expression(declared: str, expression: Expression, where: str) -> list[Finding]:
    shown = declared[:_SHOWN_CHARS]
    if expression.fault or expression.unknown:
        near = find_nearest_id(declared) or _find_nearest_of(expression)
        reason = expression.fault or f"no list knows {_join(expression.unknown)}"
        message = f"`{shown}` is not a licence expression: {reason}"
        hint = f"Did you mean `{near}`?" if near else None
        return [make_finding("licence-unknown", message, hint=hint, path=where)]
    outdated = [
        make_finding(
            "licence-deprecated-id",
            f"`{written}` is an outdated id",
            hint=_explain_outdated(current),
            path=where,
        )
        for written, current in expression.outdated
    ]
    misspelled = [
        make_finding("licence-spelling", f"`{written}` is written `{current}`", path=where)
        for written, current in expression.misspelled
    ]
    return outdated + misspelled


def _find_nearest_of(expression: Expression) -> str | None:
    return find_nearest_id(expression.unknown[0]) if expression.unknown else None


def _explain_outdated(current: str) -> str:
    if current.endswith("-only"):
        later = current.removesuffix("-only") + "-or-later"
        return f"Use `{current}`, or `{later}` if later versions are allowed as well."
    return f"Use `{current}`."


def _check_files(subject: Subject, declared: str, expression: Expression) -> list[Finding]:
    """One licence file is enough for an expression with several: only contradictions count."""
    findings = []
    for path in find_licence_files([file.path for file in subject.package.files]):
        found = recognise_licence(subject.package.texts.get(path, b""))
        if found and not set(found) & set(expression.ids):
            message = f"`{path}` holds the text of {_join(found)}, the manifest says `{declared}`"
            findings.append(make_finding("licence-file-differs", message, path=path))
    return findings


def _join(ids: tuple[str, ...]) -> str:
    return " or ".join(f"`{item[:60]}`" for item in ids[:5])
