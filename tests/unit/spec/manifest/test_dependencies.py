"""Dependencies in all spellings."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.dependencies import split_name_and_range
from tests.unit.spec.manifest.helpers import list_error_codes, parse, parse_valid


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("users", ("users", None)),
        ("users@^1.0.0", ("users", "^1.0.0")),
        ("@a/b", ("@a/b", None)),
        ("@a/b@^1.0.0 || 2", ("@a/b", "^1.0.0 || 2")),
        ("", ("", None)),
        ("x@", ("x", "")),
    ],
)
def test_names_and_ranges_are_split(text, parts):
    assert split_name_and_range(text) == parts


@pytest.mark.parametrize(
    ("plugins", "expected"),
    [
        (["users", "@a/b"], {"users": "*", "@a/b": "*"}),
        (["users@^1", "a/b@>=2 <3"], {"users": "^1", "@a/b": ">=2 <3"}),
        ([{"name": "users", "version": "~1.2"}, {"name": "x"}], {"users": "~1.2", "x": "*"}),
        ({"users": "^1.0.0", "@a/b": "*"}, {"users": "^1.0.0", "@a/b": "*"}),
        ({"users": ""}, {"users": "*"}),
        ([], {}),
    ],
)
def test_plugins_are_a_list_or_a_mapping(plugins, expected):
    manifest = parse_valid("plugport", dependencies={"plugins": plugins})
    assert manifest.dependencies.plugins == expected


@pytest.mark.parametrize(
    ("plugins", "where", "code"),
    [
        ({"users": "latest"}, "plugins.users", "invalid-range"),
        ({"users": "workspace:*"}, "plugins.users", "invalid-range"),
        ({"users": "https://h.example/x.tgz"}, "plugins.users", "invalid-range"),
        ({"users": 1}, "plugins.users", "wrong-type"),
        ({"Bad Name": "*"}, "plugins.Bad Name", "invalid-name"),
        (["users@latest"], "plugins[0]", "invalid-range"),
        (["users", "users@1"], "plugins[1]", "duplicate-key"),
        ({"a/b": "1", "@a/b": "2"}, "plugins.@a/b", "duplicate-key"),
        ([{"version": "1"}], "plugins[0].name", "wrong-type"),
        ([5], "plugins[0]", "wrong-type"),
        (7, "plugins", "wrong-type"),
    ],
)
def test_plugins_that_are_refused(plugins, where, code):
    assert list_error_codes("plugport", dependencies={"plugins": plugins}) == [
        (f"dependencies.{where}", code)
    ]


def test_packages_without_a_range_are_kept():
    packages = {"a": "^1", "b": "latest", "c": "workspace:*", "@s/d": "file:../x", "e": ""}
    reading = parse("plugport", dependencies={"packages": packages})
    assert reading.manifest.dependencies.packages == {**packages, "e": "*"}
    assert [(warning.field, warning.code) for warning in reading.warnings] == [
        ("dependencies.packages.b", "not-a-range"),
        ("dependencies.packages.c", "not-a-range"),
        ("dependencies.packages.@s/d", "not-a-range"),
    ]


def test_names_of_packages_are_checked():
    assert list_error_codes("plugport", dependencies={"packages": {"a b": "1", "c": 1}}) == [
        ("dependencies.packages.a b", "invalid-package"),
        ("dependencies.packages.c", "wrong-type"),
    ]


def test_the_number_of_dependencies_is_limited():
    many = {f"p{i}": "*" for i in range(501)}
    assert list_error_codes("plugport", dependencies={"plugins": many}) == [
        ("dependencies.plugins", "too-many")
    ]


def test_the_length_of_a_range_is_limited():
    long = " || ".join(f"^{major}.0.0" for major in range(100))
    problems = list_error_codes("plugport", dependencies={"plugins": {"users": long}})
    assert problems == [("dependencies.plugins.users", "too-long")]
    assert parse_valid("plugport", dependencies={"plugins": {"users": long[:498]}})
