"""The YAML parser."""

from __future__ import annotations

import contextlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.manifest.document import DocumentLimits
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.yaml_parser import parse_yaml


def load(text: str) -> dict[str, object]:
    return parse_yaml(text.encode(), "x.yaml").root


def refuse(text: str, limits: DocumentLimits | None = None) -> tuple[str, str, int | None]:
    with pytest.raises(ManifestError) as caught:
        parse_yaml(text.encode(), "x.yaml", limits)
    problem = caught.value.fields[-1]
    return problem.code, problem.detail, problem.line


def test_values_and_their_lines():
    document = parse_yaml(b"# top\na:\n  - 1\n  - b: ~\nc: >\n  two\n  lines\n", "x.yaml")

    assert document.root == {"a": [1, {"b": None}], "c": "two lines\n"}
    assert document.get_position(("a", 1, "b")).line == 4
    assert document.get_position(("c",)).line == 5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("2025-06-10T12:00:00Z", "2025-06-10T12:00:00Z"),
        ("1:30", "1:30"),
        ("1.2.3", "1.2.3"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("", None),
        ("12", 12),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 17),
        ("1.0", 1.0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ('"1.0"', "1.0"),
        ("'true'", "true"),
        ("1_000", "1_000"),
    ],
)
def test_plain_scalars_follow_the_core_schema(text, value):
    actual = load(f"a: {text}")["a"]
    assert actual == value
    assert type(actual) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: !!python/object/apply:os.system [x]", "yaml-tag", 1),
        ("a: !!str x", "yaml-tag", 1),
        ("a: 1\nb: ! x", "yaml-tag", 2),
        ("a: &x [*x]", "yaml-alias-cycle", 1),
        ("a: *missing", "yaml-alias", 1),
        ("a: &x k\n*x : 1", "yaml-alias", 2),
        ("base: &x {a: 1}\nother:\n  <<: *x", "yaml-merge-key", 3),
        ("? [a]\n: 1", "yaml-key", 1),
        ("? {a: 1}\n: 1", "yaml-key", 1),
        ("a: 1\n---\nb: 2", "several-documents", 2),
        ("a: [1", "yaml-syntax", 1),
        ("a: 1\n b: 2", "yaml-syntax", 2),
        ("a: .nan", "number-not-finite", 1),
        ("a: -.inf", "number-not-finite", 1),
        ("a: 1e999", "number-not-finite", 1),
        ("a: " + "9" * 2000, "number-not-finite", 1),
        ("- a", "not-a-mapping", 1),
        ("just text", "not-a-mapping", 1),
        ("# only a comment", "not-a-mapping", 1),
        ("a: " + "[" * 70 + "]" * 70, "too-deep", 1),
        ("a: 'x\0y'", "yaml-syntax", None),
    ],
)
def test_invalid_documents_are_errors(text, code, line):
    problem = refuse(text)
    assert (problem[0], problem[2]) == (code, line)


@pytest.mark.parametrize("key", ["1", "true", "null", "1.5", "~"])
def test_keys_that_are_not_text_must_be_quoted(key):
    document = parse_yaml(f"{key}: x\nb: 1".encode(), "x.yaml")
    assert [(problem.code, problem.line) for problem in document.problems] == [("yaml-key", 1)]
    assert load(f'"{key}": x') == {key: "x"}


def test_parsing_continues_after_a_repeated_key():
    document = parse_yaml(b"a: 1\nb: 2\na: {c: 3}\nb: 4\n", "x.yaml")
    assert document.root == {"a": 1, "b": 2}
    assert [(problem.field, problem.line) for problem in document.problems] == [("a", 3), ("b", 4)]


def test_values_that_aliases_repeat_count_each_time():
    assert load("a: &x {b: [1, 2]}\nc: *x") == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}
    assert refuse("a: &x [1, 2, 3]\nb: [*x, *x, *x]", DocumentLimits(nodes=12))[0] == (
        "too-many-values"
    )
    deep = "a: &x " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*x" + "]" * 40
    assert refuse(deep)[0] == "too-deep"


def test_nested_aliases_cannot_multiply():
    lines = ['a0: &a0 ["lol","lol","lol","lol","lol","lol","lol","lol","lol","lol"]']
    lines += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    assert refuse("\n".join(lines))[0] == "too-many-values"


@pytest.mark.parametrize(
    "text",
    [
        "a: &x " + "A" * 100_000 + "\nb: [" + "*x," * 2_500 + "]",
        "a: &x {" + "k" * 1_000 + ": 1}\nb: [" + "*x," * 2_500 + "]",
        "a: &x " + "9" * 1_000 + "\nb: [" + "*x," * 2_500 + "]",
        "a: [&y " + "é" * 5_000 + ", *y]\nb: [" + "*y," * 2_500 + "]",
    ],
    ids=["text", "key", "number", "nested"],
)
def test_aliases_cannot_multiply_texts(text):
    """Few values, but many bytes: the expanded document has a limit of its own."""
    assert refuse(text)[0] == "too-much-text"


def test_small_documents_may_repeat_values():
    document = parse_yaml(b"a: &x [one, two]\n" + b"b: [" + b"*x, " * 500 + b"]\n", "x.yaml")
    assert document.root["b"] == [["one", "two"]] * 500


def test_an_anchor_may_be_redefined():
    assert load("a: &x 1\nb: &x 2\nc: *x") == {"a": 1, "b": 2, "c": 2}
    assert refuse("a: &x 1\nb: &x [*x]")[0] == "yaml-alias-cycle"


def test_characters_that_cannot_be_stored_are_reported():
    document = parse_yaml(b'a: "\\0"\n', "x.yaml")
    assert [(problem.field, problem.code) for problem in document.problems] == [
        ("a", "unstorable-character")
    ]


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False, width=32)
        | st.text("abc 1.-:#'\"\\\n\té"),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text("abc:-", min_size=1), inner, max_size=4)
        ),
        max_leaves=15,
    )
)
def test_yaml_of_pyyaml_is_parsed(value):
    text = yaml.safe_dump({"value": value}, default_style='"', allow_unicode=True)
    # With every scalar in quotes PyYAML marks what is not text by tags, which are refused here.
    if "!!" not in text:
        assert load(text) == {"value": value}


@given(st.text("&*!|>-?:{}[],#%@`'\"\\ \n\t~a1<", max_size=60))
def test_any_text_is_parsed_or_an_error(text):
    with contextlib.suppress(ManifestError):
        assert isinstance(load(text), dict)
