"""`/plugins/{name}/versions` and `/plugins/{name}/{version}`."""

from __future__ import annotations

import base64
import hashlib

import pytest

from registry.models import Release
from tests.functional.api.calls import Api, expect_problem
from tests.support.publishing import Publisher, build_package

SUMMARY = {
    "name",
    "version",
    "state",
    "stateReason",
    "description",
    "deprecated",
    "yanked",
    "prerelease",
    "dependencies",
    "engine",
    "framework",
    "permissions",
    "packageUrl",
    "integrity",
    "checksum",
    "size",
    "unpackedSize",
    "downloads",
    "trust",
    "installPolicy",
    "publishedBy",
    "publisher",
    "trustedPublisher",
    "createdAt",
    "publishedAt",
}
WHOLE = SUMMARY | {
    "type",
    "dialect",
    "manifestPath",
    "manifest",
    "warnings",
    "files",
    "readme",
    "licenceFiles",
    "provenance",
    "checks",
}
UNKNOWN = ["9.9.9", "1.10", "v1.10.0", "%5E1.0.0", "beta", "%00", "x%00y", "1" * 5000, "%F0"]
CHECKS = ["archive", "manifest", "limits", "files", "licence", "secrets"]


@pytest.fixture(scope="module")
def chat(module_publisher: Publisher) -> Release:
    """1.10.0, one of five releases of `@ada/chat`."""
    publish = module_publisher.publish
    publish("@ada/chat", "1.2.0")
    release = publish(
        "@ada/chat",
        "1.10.0",
        changelog="Faster.",
        dependencies={
            "plugins": {"base": "^1.0.0"},
            "packages": {"left-pad": "~1.3.0"},
            "peer": {"react": ">=18"},
        },
        engine={"node": ">=20"},
        framework="^2.0.0",
        permissions={"network": ["api.example.test"], "env": ["TOKEN"]},
        unknownField=1,
    )
    publish("@ada/chat", "2.0.0-rc.1+build.5", tag="next")
    publish("@ada/chat", "2.0.0-alpha")
    publish("@ada/chat", "0.9.0", tag="old")
    return release


@pytest.mark.usefixtures("chat")
def test_versions_are_in_semver_order(api: Api) -> None:
    document = api.get("/plugins/@ada/chat/versions").json()
    assert document["name"] == "@ada/chat"
    assert document["distTags"] == {
        "latest": "1.10.0",
        "next": "2.0.0-rc.1+build.5",
        "old": "0.9.0",
    }
    assert [v["version"] for v in document["versions"]] == [
        "2.0.0-rc.1+build.5",
        "2.0.0-alpha",
        "1.10.0",
        "1.2.0",
        "0.9.0",
    ]
    assert [v["prerelease"] for v in document["versions"]] == [True, True, False, False, False]
    assert all(set(v) == SUMMARY for v in document["versions"])


def test_release_is_whole(api: Api, chat: Release) -> None:
    document = api.get("/plugins/@ada/chat/1.10.0").json()
    assert set(document) == WHOLE
    artifact = chat.artifacts.get()
    assert document["checksum"] == artifact.sha256
    sha512 = base64.b64encode(bytes.fromhex(artifact.sha512)).decode()
    assert document["integrity"] == f"sha512-{sha512}"
    assert document["size"] == artifact.size_bytes
    assert document["packageUrl"].endswith("/api/v1/plugins/@ada/chat/1.10.0/download")
    assert document["description"] == "Faster."
    assert document["dependencies"] == {
        "plugins": {"base": "^1.0.0"},
        "packages": {"left-pad": "~1.3.0"},
        "peer": {"react": ">=18"},
    }
    assert document["engine"] == {"node": ">=20"}
    assert document["framework"] == "^2.0.0"
    assert document["permissions"]["network"] == ["api.example.test"]
    assert document["publishedBy"] == "ada"
    assert document["publisher"] == {"name": "ada", "kind": "person"}
    assert document["readme"].startswith("# @ada/chat")
    assert document["licenceFiles"] == ["LICENSE"]
    assert document["manifestPath"] == "plugport.yaml"
    assert document["manifest"]["version"] == "1.10.0"
    assert [warning["field"] for warning in document["warnings"]] == ["unknownField"]
    assert (document["state"], document["trust"]) == ("published", "community")
    assert document["installPolicy"] == "notice"
    assert [(c["name"], c["state"]) for c in document["checks"]] == [(n, "passed") for n in CHECKS]
    assert all(c["title"] and c["durationMs"] >= 0 for c in document["checks"])


@pytest.mark.usefixtures("chat")
def test_release_lists_its_files_with_digests(api: Api) -> None:
    document = api.get("/plugins/@ada/chat/1.10.0").json()
    files = {file["path"]: file for file in document["files"]}
    assert set(files) == {"plugport.yaml", "README.md", "CHANGELOG.md", "LICENSE", "index.js"}
    content = b"export default {};\n"
    assert files["index.js"] == {
        "path": "index.js",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "executable": False,
    }
    assert document["unpackedSize"] == sum(file["size"] for file in files.values())


@pytest.mark.usefixtures("chat")
def test_summary_agrees_with_the_release(api: Api) -> None:
    for summary in api.get("/plugins/@ada/chat/versions").json()["versions"]:
        document = api.get(f"/plugins/@ada/chat/{summary['version']}").json()
        assert {name: document[name] for name in SUMMARY} == summary


@pytest.mark.usefixtures("chat")
def test_release_by_version_or_tag(api: Api) -> None:
    versions = {
        "1.10.0": "1.10.0",
        "latest": "1.10.0",
        "next": "2.0.0-rc.1+build.5",
        "old": "0.9.0",
        "2.0.0-rc.1+build.5": "2.0.0-rc.1+build.5",
        "2.0.0-rc.1%2Bbuild.5": "2.0.0-rc.1+build.5",
    }
    for reference, version in versions.items():
        assert api.get(f"/plugins/@ada/chat/{reference}").json()["version"] == version
        assert version in api.get(f"/plugins/@ada/chat/{reference}/readme").content.decode()


@pytest.mark.usefixtures("chat")
@pytest.mark.parametrize("rest", ["", "/readme", "/download"])
def test_unknown_releases(api: Api, rest: str) -> None:
    for version in UNKNOWN:
        response = api.get(f"/plugins/@ada/chat/{version}{rest}")
        problem = expect_problem(response, 404, "unknown-release")
        assert problem["detail"].startswith("`@ada/chat` has no release `"), version
        assert "\x00" not in problem["detail"], version
        assert "versions or dist-tags of `@ada/chat`" in problem["hint"]


def test_latest_follows_the_highest_stable(api: Api, author: Api, publisher: Publisher) -> None:
    publisher.publish("x1", "1.0.0-beta.1")
    assert api.get("/plugins/x1/latest").json()["version"] == "1.0.0-beta.1"
    publisher.publish("x1", "1.0.0")
    publisher.publish("x1", "0.9.9")
    assert api.get("/plugins/x1/latest").json()["version"] == "1.0.0"
    publisher.publish("x1", "2.0.0", tag="next")
    assert api.get("/plugins/x1").json()["distTags"] == {"latest": "1.0.0", "next": "2.0.0"}
    publisher.publish("x1", "1.1.0")
    assert author.post("/plugins/x1/1.1.0/yank").status_code == 200
    assert api.get("/plugins/x1/latest").json()["version"] == "1.0.0"


def test_held_findings_are_readable(api: Api, publisher: Publisher) -> None:
    """A warning does not stop a release, and it is public."""
    publisher.publish("warned", license="LicenseRef-Own")
    checks = api.get("/plugins/warned/1.0.0").json()["checks"]
    findings = [finding for check in checks for finding in check["findings"]]
    assert findings
    assert all(
        f["rule"] and f["message"] and f["severity"] in ("note", "warning") for f in findings
    )


def test_same_tree_is_the_same_package(publisher: Publisher, api: Api) -> None:
    publisher.publish("packed")
    assert (
        api.get("/plugins/packed/1.0.0").json()["checksum"]
        == hashlib.sha256(build_package("packed")).hexdigest()
    )
