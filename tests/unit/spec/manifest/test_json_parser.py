"""The JSON parser."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.manifest.document import DocumentLimits
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.json_parser import parse_json


def refuse(content: bytes, limits: DocumentLimits | None = None) -> tuple[str, str, int | None]:
    with pytest.raises(ManifestError) as caught:
        parse_json(content, "x.json", limits)
    problem = caught.value.fields[-1]
    return problem.code, problem.detail, problem.line


def test_values_and_their_lines():
    document = parse_json(b'{\n "a": [1,\n  {"b": null}],\n "c": "\\u00e9"\n}', "x.json")

    assert document.root == {"a": [1, {"b": None}], "c": "é"}
    assert document.get_position(("a", 1, "b")).line == 3
    assert document.get_position(("c",)).line == 4
    assert document.get_position(("c", "missing")).line == 4


def test_a_byte_order_mark_is_tolerated():
    assert parse_json(b'\xef\xbb\xbf{"a": 1}', "x.json").root == {"a": 1}


def test_large_integers_stay_exact():
    digits = "9" * 400
    assert parse_json(f'{{"a": {digits}}}'.encode(), "x.json").root == {"a": int(digits)}


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "empty", "is empty"),
        (b" \n ", "empty", "is empty"),
        (b"[1]", "not-a-mapping", "found a list"),
        (b'"x"', "not-a-mapping", "found the text `x`"),
        (b"null", "not-a-mapping", "found nothing"),
        (b"{", "json-syntax", "found the end of the file"),
        (b'{"a": 1,}', "json-syntax", "remove the comma before it"),
        (b'{"a": [1,]}', "json-syntax", "remove the comma before it"),
        (b'{"a": 1 "b": 2}', "json-syntax", "expected `,`"),
        (b'{"a": 1} x', "json-syntax", "expected the end of the file"),
        (b'{"a" 1}', "json-syntax", "expected `:`"),
        (b"{'a': 1}", "json-syntax", "a key in double quotes"),
        (b'{"a": 1, // x\n"b": 2}', "json-syntax", "JSON has no comments"),
        (b'{"a": "x}', "json-syntax", "a string has no closing quote"),
        (b'{"a": "\\x"}', "json-syntax", "a string is not valid JSON"),
        (b'{"a": "tab\there"}', "json-syntax", "a string is not valid JSON"),
        (b'{"a": 01}', "json-syntax", "expected a value, found `01`"),
        (b'{"a": +1}', "json-syntax", "expected a value, found `+1`"),
        (b'{"a": truely}', "json-syntax", "found `truely`"),
        (b'{"a": NaN}', "json-syntax", "`NaN` is not a JSON number"),
        (b'{"a": -Infinity}', "json-syntax", "`-Infinity` is not a JSON number"),
        (b'{"a": 1e999}', "number-not-finite", "too large"),
        (b'{"a": ' + b"1" * 2000 + b"}", "number-too-long", "2000 characters"),
        (b'{"a": "\\u0000"}', None, ""),
        (b'{"a": "\xff"}', "not-utf-8", "byte 0xff at offset 7"),
        (b'{"a": ]}', "json-syntax", "expected a value"),
        (b'{"a":' * 70, "too-deep", "more than 64 levels deep"),
    ],
)
def test_invalid_documents_are_errors(content, code, words):
    if code is None:
        assert [problem.code for problem in parse_json(content, "x.json").problems] == [
            "unstorable-character"
        ]
        return
    actual_code, detail, _ = refuse(content)
    assert actual_code == code
    assert words in detail


def test_a_repeated_key_names_both_lines():
    document = parse_json(b'{"a": 1,\n"b": {"c": 1,\n"c": [2]},\n"a": 2}', "x.json")

    assert document.root == {"a": 1, "b": {"c": 1}}
    assert [(f.field, f.line, f.detail) for f in document.problems] == [
        ("b.c", 3, "the key `c` occurs twice, first on line 2"),
        ("a", 4, "the key `a` occurs twice, first on line 1"),
    ]


def test_a_hundred_thousand_nested_arrays_are_an_error():
    assert refuse(b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")[0] == "too-deep"


def test_size_and_number_of_values_are_limited():
    limits = DocumentLimits(document_bytes=50, nodes=5)
    assert refuse(b'{"a": "' + b"x" * 50 + b'"}', limits)[0] == "too-large"
    assert refuse(b'{"a": [1, 2, 3, 4, 5]}', limits)[0] == "too-many-values"


def test_the_number_of_reported_repeated_keys_is_limited():
    members = ",".join(f'"k{number}": 1' for number in range(500))
    document = parse_json(f"{{{members},{members}}}".encode(), "x.json")
    assert len(document.problems) == 101
    assert document.problems[-1].detail == "400 more problems are not listed"


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs", "Cc"])), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(value=values, indent=st.sampled_from([None, 2]), is_ascii=st.booleans())
def test_json_of_python_is_parsed(value, indent, is_ascii):
    text = json.dumps({"value": value}, indent=indent, ensure_ascii=is_ascii)
    assert parse_json(text.encode(), "x.json").root == {"value": value}


@given(st.text("{}[],:\"\\ \n0123456789-+.eEtrufalsn/*'", max_size=60))
def test_nothing_is_accepted_that_python_rejects(text):
    try:
        root = parse_json(text.encode(), "x.json").root
    except ManifestError:
        return
    assert json.loads(text) == root
