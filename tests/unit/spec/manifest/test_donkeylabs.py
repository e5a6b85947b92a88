"""`package.json` and `manifest.json`."""

from __future__ import annotations

import json

import pytest

from plugport.spec.manifest.rendering import render_manifest
from tests.unit.spec.manifest.helpers import list_error_codes, list_warnings, parse, parse_valid


def test_an_npm_package():
    manifest = parse_valid(
        "donkeylabs",
        name="@acme/auth",
        keywords=["auth"],
        type="module",
        main="./dist/index.js",
        typings="./dist/index.d.ts",
        dependencies={"jose": "^5", "plugins": "1.0.0"},
        peerDependencies={"@donkeylabs/server": "^2.0.0"},
        engines={"node": ">=18"},
        scripts={"postinstall": "x"},
        files=["dist"],
    )
    assert manifest.kind == "service"
    assert manifest.types == "./dist/index.d.ts"
    assert manifest.dependencies.packages == {"jose": "^5", "plugins": "1.0.0"}
    assert manifest.framework == "^2.0.0"
    assert manifest.engine == {"node": ">=18"}
    assert manifest.extra == {"type": "module", "scripts": {"postinstall": "x"}, "files": ["dist"]}


def test_all_fields():
    reading = parse(
        "donkeylabs",
        displayName="Auth",
        categories=["auth", "users"],
        tags=["jwt"],
        dependencies={"plugins": ["users", "@a/mail"], "packages": {"jose": "^5"}},
        engine={"bun": ">=1.0"},
        framework="^2",
        checksum="sha256-x",
        size=4711,
    )
    assert [(w.field, w.code) for w in reading.warnings] == [
        ("checksum", "registry-decides"),
        ("size", "registry-decides"),
    ]
    manifest = reading.manifest
    assert manifest.dependencies.plugins == {"users": "*", "@a/mail": "*"}
    assert manifest.dependencies.packages == {"jose": "^5"}
    assert manifest.engine == {"bun": ">=1.0"}
    assert manifest.framework == "^2"
    assert manifest.categories == ("auth", "users")


def test_dependencies_may_be_a_list_of_plugins():
    assert parse_valid("donkeylabs", dependencies=["users"]).dependencies.plugins == {"users": "*"}
    assert list_error_codes("donkeylabs", dependencies=5) == [("dependencies", "wrong-type")]
    unknown = {"plugins": [], "others": []}
    assert list_warnings("donkeylabs", dependencies=unknown) == [
        ("dependencies.others", "unknown-field")
    ]


@pytest.mark.parametrize(
    "dependencies",
    [{"a": "^1"}, {"plugins": ["a"]}, {"plugins": {"a": "^1"}, "packages": {"b": "2"}}],
)
def test_dependencies_are_written_back_in_their_own_form(dependencies):
    content = render_manifest(parse_valid("donkeylabs", dependencies=dependencies), "donkeylabs")
    assert json.loads(content["package.json"])["dependencies"] == dependencies


def test_fields_of_services_that_are_copied():
    manifest = parse_valid(
        "donkeylabs",
        copy=[{"from": "plugin", "to": "src/plugins/x"}],
        register={"plugin": "x", "importPath": "./plugins/x", "configRequired": True},
        envVars=["S3_BUCKET", "S3_KEY"],
        instructions=["1. do it", ""],
    )
    assert manifest.permissions.env == ("S3_BUCKET", "S3_KEY")
    assert set(manifest.kind_fields) == {"copy", "register", "instructions"}
    written = json.loads(render_manifest(manifest, "donkeylabs")["package.json"])
    assert written["envVars"] == ["S3_BUCKET", "S3_KEY"]
    assert "permissions" not in written


@pytest.mark.parametrize("target", ["../../.ssh/authorized_keys", "/etc/passwd", "a/../../b"])
def test_nothing_is_copied_out_of_the_project(target):
    assert list_error_codes("donkeylabs", copy=[{"from": "x", "to": target}]) == [
        ("copy[0].to", "unsafe-path")
    ]


def test_a_private_package_is_refused():
    assert list_error_codes("donkeylabs", private=True) == [("private", "private")]
    assert parse_valid("donkeylabs", private=False).extra == {"private": False}


def test_names_of_variables_are_checked():
    assert list_error_codes("donkeylabs", envVars=["A B"]) == [("envVars[0]", "invalid-permission")]
