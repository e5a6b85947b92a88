"""The license check: is a license declared, is it valid SPDX, and does the license file match."""

from __future__ import annotations

import re

from plugport.checks.base import Finding, Subject
from plugport.checks.license_ids import Expression, find_nearest_id, parse_expression
from plugport.checks.license_texts import list_license_ids
from plugport.checks.paths import normalize_path
from plugport.checks.rules import build_finding
from plugport.spec.path_folding import PathSpellings

_SEE_FILE = re.compile(r"SEE LICEN[CS]E IN\s+(?P<file>.+)\Z", re.IGNORECASE)
_LICENSE_FILE = re.compile(r"(?:LICEN[CS]E|COPYING|UNLICENSE)(?:[-._].*)?\Z", re.IGNORECASE)
# `UNLICENSED` is npm's value for packages that grant no rights.
_OWN_TERMS = {"unlicensed", "proprietary", "all rights reserved"}
_SHOWN_CHARS = 80


class LicenseCheck:
    """Checks the field `license` of the manifest and the license files at the root."""

    name = "licence"
    title = "License"

    def run(self, subject: Subject) -> list[Finding]:
        """Findings about the declared license. Never an error, because authors choose the terms."""
        declared = (subject.manifest.license or "").strip()
        where = subject.manifest_path
        if not declared:
            return [_build_missing_finding(subject)]
        if match := _SEE_FILE.match(declared):
            return _check_named_file(subject, match["file"].strip())
        if declared.lower() in _OWN_TERMS:
            message = f"the license `{declared}` grants no rights to users"
            return [build_finding("licence-own-terms", message, path=where)]
        expression = parse_expression(declared)
        findings = _check_expression(declared, expression, where)
        if not expression.problem and not expression.unknown:
            findings += _check_files(subject, declared, expression)
        return findings


def list_license_files(paths: list[str]) -> list[str]:
    """The license files at the root of a package."""
    return [path for path in paths if "/" not in path and _LICENSE_FILE.match(path)]


def _build_missing_finding(subject: Subject) -> Finding:
    """Suggests the id of the license file, if it is a known license."""
    for path in list_license_files([file.path for file in subject.package.files]):
        if ids := list_license_ids(subject.package.texts.get(path, b"")):
            hint = f"`{path}` contains the text of {_format_ids(ids)}: set `license` to this id."
            return build_finding(
                "licence-missing",
                "the manifest declares no license",
                hint=hint,
                path=subject.manifest_path,
            )
    return build_finding(
        "licence-missing", "the manifest declares no license", path=subject.manifest_path
    )


def _check_named_file(subject: Subject, name: str) -> list[Finding]:
    written = normalize_path(name)
    spellings = PathSpellings(file.path for file in subject.package.files)
    path = None if written is None else spellings.find(written)
    if path is None:
        message = (
            f"the manifest declares `SEE LICENSE IN {name[:_SHOWN_CHARS]}`, but the file is missing"
        )
        return [build_finding("licence-file-not-found", message, path=subject.manifest_path)]
    message = f"the license is in `{path}`"
    return [build_finding("licence-own-terms", message, path=path)]


def _check_expression(declared: str, expression: Expression, where: str) -> list[Finding]:
    shown = declared[:_SHOWN_CHARS]
    if expression.problem or expression.unknown:
        near = find_nearest_id(declared) or _find_nearest_unknown_id(expression)
        reason = expression.problem or f"{_format_ids(expression.unknown)} is not on the SPDX list"
        message = f"`{shown}` is not a valid SPDX expression: {reason}"
        hint = f"Did you mean `{near}`?" if near else None
        return [build_finding("licence-unknown", message, hint=hint, path=where)]
    outdated = [
        build_finding(
            "licence-deprecated-id",
            f"`{written}` is a deprecated id",
            hint=_format_outdated_hint(current),
            path=where,
        )
        for written, current in expression.outdated
    ]
    misspelled = [
        build_finding("licence-spelling", f"`{written}` should be spelled `{current}`", path=where)
        for written, current in expression.misspelled
    ]
    return outdated + misspelled


def _find_nearest_unknown_id(expression: Expression) -> str | None:
    return find_nearest_id(expression.unknown[0]) if expression.unknown else None


def _format_outdated_hint(current: str) -> str:
    if current.endswith("-only"):
        later = current.removesuffix("-only") + "-or-later"
        return f"Use `{current}`, or `{later}` if later versions are allowed."
    return f"Use `{current}`."


def _check_files(subject: Subject, declared: str, expression: Expression) -> list[Finding]:
    """Findings for license files that match none of the declared licenses."""
    findings = []
    for path in list_license_files([file.path for file in subject.package.files]):
        ids = list_license_ids(subject.package.texts.get(path, b""))
        if ids and not set(ids) & set(expression.ids):
            message = (
                f"`{path}` contains the text of {_format_ids(ids)}, but the manifest declares"
                f" `{declared}`"
            )
            findings.append(build_finding("licence-file-differs", message, path=path))
    return findings


def _format_ids(ids: tuple[str, ...]) -> str:
    return " or ".join(f"`{item[:60]}`" for item in ids[:5])
