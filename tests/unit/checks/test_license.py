"""The license check: the declaration, its spelling, and the license files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.checks.license_ids import find_nearest_id, parse_expression
from plugport.checks.license_texts import list_license_ids
from tests.support.data import shared_data
from tests.unit.checks.packages import build_subject, find, rules


@pytest.mark.parametrize(
    "text",
    [
        "MIT",
        "(MIT OR Apache-2.0)",
        "Apache-2.0 AND (MIT OR BSD-2-Clause)",
        "GPL-2.0-or-later WITH Classpath-exception-2.0",
        "LicenseRef-Acme-Terms",
        "DocumentRef-x:LicenseRef-y",
        "Apache-2.0+",
        "0BSD",
    ],
)
def test_valid_expressions(text: str) -> None:
    expression = parse_expression(text)
    assert (expression.problem, expression.unknown) == (None, ())
    assert not expression.outdated
    assert not expression.misspelled


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "a license id is missing at the end"),
        ("()", "has no matching `(`"),
        ("MIT AND", "a license id is missing at the end"),
        ("AND MIT", "no license on its left side"),
        ("MIT Apache-2.0", "missing before `Apache-2.0`"),
        ("(MIT", "not closed"),
        ("MIT)", "has no matching `(`"),
        ("MIT (ISC)", "missing before `(`"),
        ("MIT, see file", "characters that are not allowed"),
        ("(" * 500, "longer than 400"),
    ],
)
def test_syntax_errors_are_named(text: str, fault: str) -> None:
    assert fault in (parse_expression(text).problem or "")


def test_an_exception_counts_only_after_with() -> None:
    assert parse_expression("Classpath-exception-2.0").unknown == ("Classpath-exception-2.0",)
    assert parse_expression("GPL-2.0-only WITH MIT").unknown == ("MIT",)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Apache 2.0", "Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("The MIT License", "MIT"),
        ("apache2", "Apache-2.0"),
        ("BSD", "BSD-3-Clause"),
        ("GPLv3", "GPL-3.0-only"),
        ("MPL2", "MPL-2.0"),
        ("Aapche-2.0", "Apache-2.0"),
        ("our own licence, ask us", None),
    ],
)
def test_the_nearest_id(written: str, meant: str | None) -> None:
    assert find_nearest_id(written) == meant


@given(st.text(max_size=60) | st.text(alphabet="()MITANDORWH -+.", max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    expression = parse_expression(text)
    assert expression.problem is None or expression.problem
    find_nearest_id(text)


def test_real_licence_files_are_recognised() -> None:
    folder = shared_data("licences")
    ids_by_file = {path.name: list_license_ids(path.read_bytes()) for path in folder.glob("*.*")}
    assert ids_by_file["AgentWorkforce__relay--LICENSE.txt"] == ("Apache-2.0",)
    assert ids_by_file["encode__django-rest-framework--LICENSE.md"] == ("BSD-3-Clause",)
    assert ids_by_file["rustsec__advisory-db--CC-BY-4.0.txt"] == ("CC-BY-SA-4.0",)
    assert ids_by_file["rustsec__advisory-db--CC0-1.0.txt"] == ("CC0-1.0",)
    assert ids_by_file["npm__node-semver--LICENSE.txt"] == ("ISC",)
    assert ids_by_file["BurntSushi__ripgrep--UNLICENSE.txt"] == ("Unlicense",)
    # Two pages that only link to licenses, an enterprise license, and the index.
    unknown = sorted(name for name, ids in ids_by_file.items() if not ids)
    assert unknown == [
        "BurntSushi__ripgrep--COPYING.txt",
        "index.json",
        "meilisearch__meilisearch--LICENSE-EE.txt",
        "meilisearch__meilisearch--LICENSE.txt",
    ]
    mit = [name for name, ids in ids_by_file.items() if ids == ("MIT",)]
    assert all("mit" in (folder / name).read_text().lower() for name in mit)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (None, ["licence-missing"]),
        ("MIT", []),
        ("mit", ["licence-spelling"]),
        ("Apache 2.0", ["licence-unknown"]),
        ("MIT OR Nonsense-9", ["licence-unknown"]),
        ("MIT AND GPL-2.0", ["licence-deprecated-id"]),
        ("Apache-2.0", ["licence-file-differs"]),
        ("MIT OR Apache-2.0", []),
        ("UNLICENSED", ["licence-own-terms"]),
        ("SEE LICENSE IN LICENSE", ["licence-own-terms"]),
        ("SEE LICENSE IN ./TERMS.txt", ["licence-file-not-found"]),
        ("SEE LICENSE IN ../../etc/passwd", ["licence-file-not-found"]),
    ],
)
def test_what_is_declared(tmp_path: Path, declared: str | None, expected: list[str]) -> None:
    subject = build_subject(tmp_path, manifest={"license": declared})
    findings = find(subject, "licence")
    assert rules(findings) == expected
    assert all(finding.severity != "error" for finding in findings)


def test_hints_have_the_correct_spelling(tmp_path: Path) -> None:
    unknown = find(build_subject(tmp_path, manifest={"license": "Apache 2.0"}), "licence")
    assert unknown[0].hint == "Did you mean `Apache-2.0`?"
    outdated = find(build_subject(tmp_path, {"LICENSE": None}, {"license": "GPL-2.0"}), "licence")
    assert "`GPL-2.0-only`, or `GPL-2.0-or-later`" in (outdated[0].hint or "")
    missing = find(build_subject(tmp_path, manifest={"license": None}), "licence")
    assert missing[0].hint == "`LICENSE` contains the text of `MIT`: set `license` to this id."


def test_the_index_of_licences_is_data_only() -> None:
    index = json.loads(shared_data("licences", "index.json").read_text())
    named = {name for names in index.values() for name in names}
    assert len([n for n in named if list_license_ids(shared_data("licences", n).read_bytes())]) > 50
