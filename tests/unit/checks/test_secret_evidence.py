"""How much a password in a URL counts: which evidence warns, holds, rejects, or is ignored."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugport.checks.base import Severity
from plugport.checks.registry import run_checks
from plugport.checks.secret_evidence import select_url_rule
from plugport.checks.subject import load_subject
from tests.support.archives import PackageBuilder
from tests.support.data import shared_data
from tests.unit.checks.packages import build_subject, find, rules
from tests.unit.checks.samples import FOREIGN_FORMATS, OWN_FORMATS, private_key

# In two parts, so that secret scanners do not report this file.
STRONG, WEAK = "s3cr" + "etive9x", "pass" + "word123"


def login(password: str, host: str) -> str:
    return f"postgres://app:{password}@{host}/live"


def list_rules(folder: Path, path: str, text: str) -> list[str]:
    return rules(find(build_subject(folder, {path: text}), "secrets"))


@pytest.mark.parametrize(
    ("path", "password", "host", "rule"),
    [
        # Rejected everywhere: a public host.
        ("src/db.js", STRONG, "db.harbor.io", "secret-in-url"),
        ("docs/guide.md", STRONG, "db.harbor.io", "secret-in-url"),
        ("docs/guide.md", WEAK, "db.harbor.io:5432", "secret-in-url"),
        ("README.md", STRONG, "db.internal.harbor.io", "secret-in-url"),
        ("README.md", STRONG, "8.8.8.8", "secret-in-url"),
        ("tests/test_db.py", STRONG, "[2606:4700::1111]", "secret-in-url"),
        # Held: an internal host and a password that nobody would make up, in the code.
        ("src/db.js", STRONG, "prod-db.internal", "secret-possible"),
        ("config/app.yaml", STRONG, "10.1.2.3:5432", "secret-possible"),
        ("src/db.js", STRONG, "db.corp", "secret-possible"),
        ("src/db.js", STRONG, "[fd00::1]:5432", "secret-possible"),
        ("notes.txt", STRONG, "prod-db.internal", "secret-possible"),
        (".env", STRONG, "nas.home.arpa", "secret-possible"),
        # Warnings: an internal host in an example, or with a password of common words.
        ("docs/antipatterns.md", WEAK, "prod-db.internal:5432", "secret-example"),
        ("docs/antipatterns.md", STRONG, "prod-db.internal", "secret-example"),
        ("README", STRONG, "192.168.1.10", "secret-example"),
        ("guide.rst", STRONG, "db.lan", "secret-example"),
        ("examples/app.py", STRONG, "db.intranet", "secret-example"),
        ("tests/test_db.py", STRONG, "prod-db.internal", "secret-example"),
        ("src/db.test.ts", STRONG, "prod-db.internal", "secret-example"),
        ("env.example", STRONG, "prod-db.internal", "secret-example"),
        ("src/db.js", WEAK, "prod-db.internal", "secret-example"),
        ("src/db.js", "Super" + "Secret123", "prod-db.internal", "secret-example"),
        ("src/db.js", "hunter2" * 2, "10.0.0.1", "secret-example"),
    ],
)
def test_the_evidence_decides(
    tmp_path: Path, path: str, password: str, host: str, rule: str
) -> None:
    text = f"# Connect\n\n```\npsql {login(password, host)}\n```\n"
    subject = build_subject(tmp_path, {"README.md": None, path: text})
    found = [each for each in find(subject, "secrets") if each.rule != "secret-file"]
    assert [(each.rule, each.path, each.line) for each in found] == [(rule, path, 4)]
    expected = Severity.ERROR if rule == "secret-in-url" else Severity.WARNING
    assert found[0].severity is expected


@pytest.mark.parametrize("path", ["docs/guide.md", "src/db.js"])
@pytest.mark.parametrize(
    "host", ["localhost", "db", "db:5432", "ci.corp.example", "db.test", "127.0.0.1", "[::1]:5432"]
)
def test_local_and_reserved_hosts_are_ignored(tmp_path: Path, path: str, host: str) -> None:
    assert list_rules(tmp_path, path, login(STRONG, host)) == []


@pytest.mark.parametrize(
    "secret", [*OWN_FORMATS.values(), *FOREIGN_FORMATS.values(), private_key()]
)
def test_documentation_is_no_excuse_for_certain_secrets(tmp_path: Path, secret: str) -> None:
    findings = find(build_subject(tmp_path, {"docs/guide.md": f"```\n{secret}\n```\n"}), "secrets")
    assert [finding.severity for finding in findings] == [Severity.ERROR]


def test_the_plugin_of_the_report_is_published_with_a_warning(tmp_path: Path) -> None:
    root = shared_data("reports", "22-secrets-in-examples", "plugin")
    builder = PackageBuilder()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            builder.file(str(path.relative_to(root)), path.read_bytes())
    subject = load_subject(builder.write(tmp_path / "p.tar.gz"), tmp_path / "scratch")
    found = run_checks(subject)
    assert not any(each.severity is Severity.ERROR for run in found.values() for each in run)
    (warning,) = found["secrets"]
    assert (warning.rule, warning.path, warning.line) == (
        "secret-example",
        "docs/antipatterns.md",
        9,
    )


def test_long_passwords_of_common_words_are_graded_at_once() -> None:
    url = f"://app:{'password' * 24}~@db.internal"
    assert select_url_rule(url, "src/db.js") == "secret-possible"
