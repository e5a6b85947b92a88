"""The table of kinds and the parser of their fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from plugport.spec.manifest.kinds import KINDS, KindField
from tests.unit.spec.manifest.helpers import list_error_codes, list_warnings, parse, parse_valid

SPEC_KINDS = [
    "bridge",
    "storage",
    "memory",
    "policy",
    "hook",
    "widget",
    "service",
    "toolset",
    "container",
    "validator",
    "tool",
    "pipeline",
]


def every_field() -> Iterator[tuple[str, KindField]]:
    for kind in KINDS.values():
        yield from ((kind.name, field) for field in kind.fields)


def sample_of(field: KindField) -> Any:
    """Return a valid value of a field."""
    by_type: dict[str, Any] = {
        "text": field.allowed[0] if field.allowed else {"endpoint": "/x"}.get(field.name, "x"),
        "texts": list(field.allowed) or ["x"],
        "lines": ["x", "  y"],
        "flag": True,
        "path": "a/b",
        "target": "src/x",
        "any": [{"a": 1}],
    }
    members = {member.name: sample_of(member) for member in field.members}
    return {"object": members, "objects": [members]}.get(field.type) or by_type[field.type]


def test_the_table_has_all_kinds():
    assert list(KINDS) == SPEC_KINDS
    assert all(kind.title and kind.doc for kind in KINDS.values())


def test_kind_fields_and_format_fields_have_different_names():
    taken = {row.name for row in MANIFEST_FORMATS["plugport"].fields}
    assert not taken & {field.name for _, field in every_field()}


def test_every_kind_has_a_format_of_its_host():
    own = {
        kind
        for name, dialect in MANIFEST_FORMATS.items()
        if name != "plugport"
        for kind in dialect.kinds
    }
    assert own == set(KINDS)


@pytest.mark.parametrize("kind", SPEC_KINDS)
def test_all_fields_of_a_kind_are_parsed(kind):
    fields = {field.name: sample_of(field) for field in KINDS[kind].fields}
    manifest = parse_valid("plugport", kind=kind, **fields)
    assert manifest.kind == kind
    assert manifest.kind_fields == fields


@pytest.mark.parametrize("kind", SPEC_KINDS)
def test_missing_required_fields_are_errors(kind):
    required = [field.name for field in KINDS[kind].fields if field.need == "required"]
    recommended = [field.name for field in KINDS[kind].fields if field.need == "recommended"]
    if required:
        assert list_error_codes("plugport", kind=kind) == [
            (name, "missing-field") for name in required
        ]
    else:
        expected = [(name, "missing-recommended") for name in recommended]
        assert list_warnings("plugport", kind=kind) == expected


@pytest.mark.parametrize(("kind", "field"), [(k, f) for k, f in every_field() if f.allowed])
def test_words_that_are_not_allowed_are_errors(kind, field):
    fields = {each.name: sample_of(each) for each in KINDS[kind].fields} | {field.name: "nonsense"}
    assert list_error_codes("plugport", kind=kind, **fields) == [(field.name, "not-allowed-value")]


@pytest.mark.parametrize(("kind", "field"), [(k, f) for k, f in every_field() if f.type != "any"])
def test_other_types_are_refused(kind, field):
    fields = {each.name: sample_of(each) for each in KINDS[kind].fields} | {field.name: 5}
    assert list_error_codes("plugport", kind=kind, **fields) == [(field.name, "wrong-type")]


def test_one_word_counts_as_a_list_of_one():
    manifest = parse_valid("plugport", kind="bridge", provides="bidirectional")
    assert manifest.kind_fields == {"provides": ["bidirectional"]}


def test_members_are_checked_and_unknown_ones_kept():
    reading = parse("plugport", kind="widget", displays=[{"type": "chart", "data": "x", "size": 3}])
    assert [(w.field, w.code) for w in reading.warnings] == [("displays[0].size", "unknown-field")]
    assert reading.manifest.kind_fields["displays"] == [{"type": "chart", "data": "x", "size": 3}]
    assert list_error_codes("plugport", kind="widget", displays=[{"type": "pie"}, "x"]) == [
        ("displays[0].type", "not-allowed-value"),
        ("displays[0].data", "missing-field"),
        ("displays[1]", "wrong-type"),
    ]


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_a_required_member_must_not_be_empty(empty):
    runtime = {"type": "docker", "image": empty}
    assert list_error_codes("plugport", kind="container", runtime=runtime) == [
        ("runtime.image", "missing-field")
    ]


def test_patterns_are_enforced():
    runtime = {"type": "docker", "image": "acme/x; rm -rf"}
    assert list_error_codes("plugport", kind="container", runtime=runtime) == [
        ("runtime.image", "not-allowed-value")
    ]


def test_copied_paths_stay_inside_the_plugin():
    copy = [{"from": "../x", "to": "/etc/cron.d"}]
    assert list_error_codes("plugport", kind="service", copy=copy) == [
        ("copy[0].from", "unsafe-path"),
        ("copy[0].to", "unsafe-path"),
    ]


def test_a_field_of_another_kind_is_unknown():
    assert list_warnings("plugport", kind="bridge", features=["messages"]) == [
        ("features", "unknown-field")
    ]


def test_instructions_keep_their_indentation_and_are_limited():
    lines = ["1. do", "", "   code();  "]
    manifest = parse_valid("plugport", kind="service", instructions=lines)
    assert manifest.kind_fields["instructions"] == ["1. do", "", "   code();"]
    for bad, code in (
        ("a\nb", "too-long"),
        ("x" * 1001, "too-long"),
        ("\x1b[2J", "unsafe-character"),
    ):
        assert list_error_codes("plugport", kind="service", instructions=[bad]) == [
            ("instructions[0]", code)
        ]
