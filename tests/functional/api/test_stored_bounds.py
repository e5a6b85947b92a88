"""Small hostile packages do not fill the database: what is left out is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import AuditEntry
from plugport.checks.registry import MAX_FINDING_CHARS, MAX_FINDINGS
from registry.jobs.runner import run_pending_jobs
from registry.models import CheckRun, Plugin, Release, ReleaseContents
from registry.package_limits import LICENSE_BYTES, MAX_TAGS
from tests.functional.api.calls import AWS_KEY, Api, expect_problem
from tests.support.archives import PackageBuilder

# In two parts, so that secret scanners do not report this file.
EXAMPLE_URL = "postgres://app:pass" + "word123@prod-db.internal/live"
POSSIBLE_URL = "postgres://app:s3cr" + "etive9x@prod-db.internal/live"
FIELDS = {"schema": 1, "name": "x", "version": "1.0.0", "kind": "toolset", "description": "Small."}


def build_package(files: dict[str, str | bytes] | None = None, **fields: Any) -> bytes:
    builder = PackageBuilder().file(
        "plugport.yaml", json.dumps(FIELDS | fields, separators=(",", ":")).encode()
    )
    for path, content in (files or {}).items():
        builder.file(path, content)
    return builder.build()


def publish(author: Api, package: bytes) -> Release:
    response = author.publish(package)
    assert response.status_code == 202, response.content[:1_000]
    run_pending_jobs()
    return Release.objects.get()


def list_findings(check: str) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = CheckRun.objects.get(name=check).findings
    return findings


def test_very_many_unknown_keys_are_refused(author: Api) -> None:
    keys = {f"k{number}": 0 for number in range(21_000)}
    problem = expect_problem(author.publish(build_package(**keys)), 400, "invalid-manifest")
    codes = [error["code"] for error in problem["errors"]]
    assert codes[-1:] == ["too-many-values"]


def test_many_unknown_keys_end_in_a_hundred_warnings_and_their_number(author: Api) -> None:
    keys = {f"k{number}": 0 for number in range(5_000)}
    publish(author, build_package(**keys))
    warnings = ReleaseContents.objects.get().warnings
    assert len(warnings) == 101
    assert warnings[-1]["detail"] == "4,900 more problems are not listed"
    assert len(json.dumps(warnings)) < 100_000
    findings = list_findings("manifest")
    assert len(findings) == MAX_FINDINGS + 1
    assert author.get("/plugins/x/1.0.0").json()["warnings"] == warnings
    page = author.client.get("/plugins/x/security").content.decode()
    assert "101 warnings" in page
    assert "; and 81 more</dd>" in page


def test_a_refused_manifest_gets_a_short_answer(author: Api) -> None:
    value: Any = {"k" * 90: 1}
    for _ in range(60):
        value = {"k" * 90: value}
    text = json.dumps(FIELDS)[:-1] + ', "deep": ' + json.dumps(value)
    # Each of the innermost keys occurs twice, and its path has five thousand characters.
    keys = "".join(f', "{number:090}": 1, "{number:090}": 2' for number in range(150))
    text = text.replace(": 1}", f": 1{keys}}}") + "}"
    package = PackageBuilder().file("plugport.yaml", text.encode()).build()
    response = author.publish(package)
    problem = expect_problem(response, 400, "invalid-manifest")
    assert len(problem["errors"]) == 101
    assert problem["errors"][-1]["detail"] == "50 more problems are not listed"
    assert len(response.content) < 200_000


def test_the_texts_of_findings_are_short(author: Api) -> None:
    texts = {f"{n:03}{'ü' * 40}.exe": b"" for n in range(150)}
    publish(author, build_package(texts))
    findings = list_findings("archive")
    assert len(findings) == MAX_FINDINGS + 1
    assert findings[-1]["message"] == "50 more findings"
    assert max(len(finding["message"]) for finding in findings) <= MAX_FINDING_CHARS
    assert len(json.dumps(findings, ensure_ascii=False).encode()) < 100_000


def test_the_reason_of_a_rejection_is_short_everywhere(author: Api) -> None:
    # Findings quote several values of the manifests.
    other = {"name": "x", "version": "1.0.0", "main": "b" * 500, "type": "toolset"}
    files: dict[str, str | bytes] = {"plugin.json": json.dumps(other), "a" * 99: ""}
    release = publish(author, build_package(files, main="a" * 99))
    assert release.state == "rejected"
    assert len(release.verdict_reason) <= 500
    reasons = [entry.details.get("reason", "") for entry in AuditEntry.objects.all()]
    assert max(map(len, reasons)) <= 500


def test_license_files_are_stored_up_to_a_size_with_all_their_names(author: Api) -> None:
    # Six bytes each in JSON.
    text = "\x01" * (LICENSE_BYTES // 12)
    files: dict[str, str | bytes] = {f"LICENSE-{n}": text for n in range(10)}
    publish(author, build_package(files))
    licenses = ReleaseContents.objects.get().licences
    assert len(json.dumps(licenses)) <= LICENSE_BYTES + 1_000
    assert sorted(licenses) == sorted(files)
    assert author.get("/plugins/x/1.0.0").json()["licenceFiles"] == sorted(files)


def test_a_text_that_is_too_large_to_be_shown_is_named(author: Api) -> None:
    files: dict[str, str | bytes] = {
        "README.md": "# Long\n" + "word " * 250_000,
        "CHANGELOG.md": "## 1.0.0\n" + "- change\n" * 150_000,
    }
    publish(author, build_package(files))
    contents = ReleaseContents.objects.get()
    assert (contents.readme, contents.changelog) == ("", "")
    findings = {finding["path"]: finding for finding in list_findings("limits")}
    assert sorted(findings) == ["CHANGELOG.md", "README.md"]
    assert findings["README.md"]["rule"] == "text-too-large"
    assert "has 1.3 MB" in findings["README.md"]["message"]


def test_a_text_of_invalid_bytes_fits_into_its_column(author: Api) -> None:
    publish(author, build_package({"README.md": b"\xff" * (1 << 20)}))
    assert ReleaseContents.objects.get().readme == "\ufffd" * (1 << 20)


def test_a_plugin_has_a_limited_number_of_dist_tags(author: Api) -> None:
    first = publish(author, build_package())
    Release.objects.bulk_create(
        Release(
            plugin=first.plugin,
            version=f"0.0.{number}",
            precedence=f"0.0.{number}",
            sort_key=str(number).encode(),
            tag=f"tag-{number}",
            state="published",
            published_by=first.published_by,
        )
        for number in range(MAX_TAGS)
    )
    response = author.publish(build_package(version="1.0.1"), tag="one-more")
    problem = expect_problem(response, 400, "invalid-tag")
    assert f"has {MAX_TAGS} dist-tags; at most {MAX_TAGS} are allowed" in problem["detail"]
    assert author.publish(build_package(version="1.0.1"), tag="tag-7").status_code == 202
    run_pending_jobs()
    # `latest` and the others, each with a version.
    assert len(Plugin.objects.get().document["distTags"]) == MAX_TAGS + 1


@pytest.mark.parametrize("line", ["allowed", "example"])
def test_harmless_secrets_do_not_hide_a_real_one(author: Api, line: str) -> None:
    harmless = {
        "allowed": f"k = '{AWS_KEY}'  # pragma: allowlist secret\n",
        "example": f"u = '{EXAMPLE_URL}'\n",
    }[line]
    texts: dict[str, str | bytes] = {
        **{f"a{n}.py": harmless * 30 for n in range(6)},
        "b.py": harmless * 30 + f"k = '{AWS_KEY}'\n",
    }
    release = publish(author, build_package(texts))
    assert release.state == "rejected"
    findings = list_findings("secrets")
    assert [(f["rule"], f["path"], f["line"]) for f in findings if f["severity"] == "error"] == [
        ("secret-token", "b.py", 31)
    ]
    assert findings[-1]["message"].endswith("more findings")


def test_other_warnings_do_not_hide_one_that_a_moderator_must_see(author: Api) -> None:
    example = f"u = '{EXAMPLE_URL}'\n"
    texts: dict[str, str | bytes] = {
        **{f"a{n}.py": example * 30 for n in range(6)},
        "b.py": f"u = '{POSSIBLE_URL}'\n",
    }
    release = publish(author, build_package(texts))
    assert release.state == "held"
    assert list_findings("secrets")[0]["rule"] == "secret-possible"


def test_problems_that_are_not_listed_hide_nothing_in_another_manifest(author: Api) -> None:
    other = {
        "name": "x",
        "version": "1.0.0",
        "type": "bridge",
        "dependencies": {f"bad name {number}": "1" for number in range(150)},
        "permissions": {"exec": 7},
    }
    files: dict[str, str | bytes] = {"ar-plugin.yaml": json.dumps(other)}
    release = publish(author, build_package(files))
    assert release.state == "rejected"
    rules = {finding["rule"] for finding in list_findings("manifest")}
    assert "manifest-unreadable" in rules
