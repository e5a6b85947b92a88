"""The other checks, the execution of all checks, and the sample archives of the test data."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from plugport.checks import limits
from plugport.checks.base import Finding, Severity
from plugport.checks.registry import CHECKS, MAX_FINDINGS, has_errors, run_check, run_checks
from plugport.checks.rules import RULES, build_finding
from plugport.checks.secret_patterns import load_detect_secrets_detectors
from plugport.checks.secrets import MAX_FILE_BYTES
from plugport.checks.subject import load_subject
from plugport.spec.archive.model import MIB
from plugport.spec.errors import PlugportError
from plugport.spec.names import RESERVED_NAMES
from tests.support.data import ROOT, shared_data
from tests.unit.checks.packages import build_subject, find, rules
from tests.unit.checks.samples import OWN_FORMATS, private_key


def test_the_order_and_names_of_the_checks() -> None:
    names = [check.name for check in CHECKS]
    assert names == ["archive", "manifest", "limits", "files", "licence", "secrets"]
    assert all(check.title for check in CHECKS)


def test_a_complete_plugin_has_no_findings(tmp_path: Path) -> None:
    assert not any(run_checks(build_subject(tmp_path)).values())


def test_leftovers_are_reported_by_folder(tmp_path: Path) -> None:
    files = {
        "node_modules/a/index.js": "x",
        "node_modules/b/index.js": "x",
        "src/__pycache__/m.cpython-311.pyc": b"\0",
        ".DS_Store": b"\0",
        "coverage.md": "x",
    }
    findings = find(build_subject(tmp_path, files), "archive")
    assert [finding.path for finding in findings] == [
        "node_modules",
        "src/__pycache__",
        ".DS_Store",
    ]
    assert "(2 files)" in findings[0].message


def test_binaries_and_nested_archives_are_notes(tmp_path: Path) -> None:
    files = {"bin/tool": b"\x7fELF\x02\x01\x01", "data.zip": b"PK", "lib/x.node": b"x"}
    findings = find(build_subject(tmp_path, files), "archive")
    assert sorted(rules(findings)) == ["archive-binary", "archive-binary", "archive-nested"]
    assert not has_errors(findings)


def test_sizes_beyond_the_usual_are_reported(tmp_path: Path) -> None:
    files = {
        "data.bin": bytes(limits.LARGE_FILE_BYTES + 1),
        "README.md": "word " * (limits.LONG_README_BYTES // 5 + 1),
    }
    subject = build_subject(tmp_path, files)
    assert rules(find(subject, "limits")) == ["file-large", "readme-long"]


def test_very_many_files_are_a_warning(tmp_path: Path) -> None:
    files = {f"data/{number}.txt": "x" for number in range(limits.MANY_FILES)}
    assert rules(find(build_subject(tmp_path, files), "limits")) == ["many-files"]


def test_the_manifest_check_names_what_is_missing(tmp_path: Path) -> None:
    fields = {"description": None, "author": None, "repository": None}
    assert rules(find(build_subject(tmp_path, manifest=fields), "manifest")) == [
        "description-missing",
        "author-missing",
        "repository-missing",
    ]


def test_warnings_of_the_reader_are_findings_with_their_line(tmp_path: Path) -> None:
    subject = build_subject(tmp_path, manifest={"verified": True})
    findings = find(subject, "manifest")
    assert rules(findings) == ["manifest-ignored"]
    assert "verified" in findings[0].message
    assert (findings[0].path, findings[0].line) == ("plugport.yaml", 1)


def test_dependencies_on_itself_and_on_anything(tmp_path: Path) -> None:
    plugins = {"@acme/sample": "^1.0.0", "other": "*", "third": "^2.0.0"}
    subject = build_subject(tmp_path, manifest={"dependencies": {"plugins": plugins}})
    assert rules(find(subject, "manifest")) == ["dependency-on-itself", "dependency-any-version"]


def test_a_reserved_name_is_a_warning(tmp_path: Path) -> None:
    """The plugin may have had the name before; the registry refuses it for new plugins."""
    name = min(RESERVED_NAMES)
    findings = find(build_subject(tmp_path, manifest={"name": name}), "manifest")
    assert rules(findings) == ["name-reserved"]
    assert not has_errors(findings)
    assert "A plugin that already has the name keeps it." in str(findings[0].hint)


def test_secrets_are_reported_with_file_and_line_and_never_shown(tmp_path: Path) -> None:
    secret = OWN_FORMATS["an npm token"]
    files = {
        "src/config.mjs": f"export const a = 1;\nexport const token = '{secret}';\n",
        "keys/old.txt": private_key(),
        ".env": "A=1\n",
        "image.bin": b"\0" + secret.encode(),
    }
    findings = find(build_subject(tmp_path, files), "secrets")
    assert [(finding.rule, finding.path, finding.line) for finding in findings] == [
        ("secret-file", ".env", None),
        ("secret-token", "src/config.mjs", 2),
        ("secret-private-key", "keys/old.txt", 1),
    ]
    assert has_errors(findings)
    assert secret[4:] not in json.dumps([finding.as_dict() for finding in findings])


def test_texts_in_other_encodings_are_searched(tmp_path: Path) -> None:
    secret = f"token = {OWN_FORMATS['an npm token']}"
    files = {"a.txt": secret.encode("utf-16"), "b.txt": b"\xff\xfe\xfa" + secret.encode("latin-1")}
    findings = find(build_subject(tmp_path, files), "secrets")
    assert [finding.path for finding in findings] == ["a.txt"]
    latin = {"c.txt": f"gr\xfc\xdfe {secret}".encode("latin-1")}
    assert rules(find(build_subject(tmp_path, latin), "secrets")) == ["secret-token"]


def test_a_text_too_large_to_search_is_reported(tmp_path: Path) -> None:
    files = {"big.txt": "x\n" * MAX_FILE_BYTES, "big.bin": b"\0" * (2 * MIB)}
    findings = find(build_subject(tmp_path, files), "secrets")
    assert [(finding.rule, finding.path) for finding in findings] == [
        ("secrets-not-scanned", "big.txt")
    ]


def test_without_the_extra_the_check_reports_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "detect_secrets"]:
        monkeypatch.delitem(sys.modules, name)
    # None is how Python itself marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "detect_secrets", None)
    load_detect_secrets_detectors.cache_clear()
    try:
        secret = OWN_FORMATS["an npm token"]
        findings = find(build_subject(tmp_path, {"a.txt": secret}), "secrets")
    finally:
        load_detect_secrets_detectors.cache_clear()
    assert rules(findings) == ["secret-token", "scan-not-installed"]


class ManyFindings:
    name = title = "many"

    def run(self, subject: object) -> list[Finding]:
        notes = [build_finding("author-missing", f"{n}") for n in range(2 * MAX_FINDINGS)]
        return [*notes, build_finding("main-missing", "the one that counts")]


def test_findings_are_bounded_and_the_worst_come_first(tmp_path: Path) -> None:
    findings = run_check(ManyFindings(), build_subject(tmp_path))
    assert len(findings) == MAX_FINDINGS + 1
    assert findings[0].rule == "main-missing"
    assert findings[-1].message == f"{MAX_FINDINGS + 1} more findings"


SAMPLES = ("archives", "samples")


def test_the_good_samples_have_no_errors(tmp_path: Path) -> None:
    expected = json.loads(shared_data(*SAMPLES, "expected.json").read_text())
    good = [row["file"] for row in expected if row["verdict"] == "accept"]
    assert len(good) >= 6
    for name in good:
        subject = load_subject(shared_data(*SAMPLES, name), tmp_path / name)
        for findings in run_checks(subject).values():
            assert not has_errors(findings), (name, findings)


def is_refused(archive: Path, scratch: Path) -> bool:
    """Whether the reader or a check refuses a package."""
    try:
        subject = load_subject(archive, scratch)
    except PlugportError:
        return True
    # A package that the reader accepts can still fail a check of its name.
    return any(map(has_errors, run_checks(subject).values()))


def test_every_bad_sample_is_refused_and_none_crashes(tmp_path: Path) -> None:
    expected = json.loads(shared_data(*SAMPLES, "expected.json").read_text())
    for row in expected:
        refused = is_refused(shared_data(*SAMPLES, row["file"]), tmp_path / row["file"])
        assert row["verdict"] in {"either", "reject" if refused else "accept"}, row["file"]


def test_every_rule_is_documented_with_its_severity_and_advice() -> None:
    rows = {
        cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
        for line in (ROOT / "docs" / "checks.md").read_text().splitlines()
        if line.startswith("| `")
        for cells in [line.strip("|").split(" | ")]
    }
    assert {
        rule.id: [rule.severity.value, rule.title, rule.advice] for rule in RULES.values()
    } == rows


def test_rules_have_stable_ids_and_belong_to_a_check() -> None:
    # The check of the name runs in the registry only.
    names = {check.name for check in CHECKS} | {"*", "name"}
    for rule in RULES.values():
        assert re.fullmatch(r"[a-z]+(?:-[a-z]+)+", rule.id)
        assert rule.check in names
        assert rule.severity in Severity
