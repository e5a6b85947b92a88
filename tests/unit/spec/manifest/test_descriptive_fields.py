"""Invalid values of fields that only describe a plugin: warnings in foreign formats, else errors."""

from __future__ import annotations

import pytest

from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from tests.unit.spec.manifest.helpers import list_error_codes, list_errors, parse

STRICT = ("plugport", "agent-plugins")
FOREIGN = sorted(set(MANIFEST_FORMATS) - set(STRICT))
# Values that real manifests have: an address hidden by a web page, words where a link belongs.
INVALID = {
    "author": ("Example <[email protected]>", "author", "invalid-email"),
    "homepage": ("see the wiki", "homepage", "invalid-url"),
    "description": (["one", "two"], "description", "wrong-type"),
    "license": (5, "license", "wrong-type"),
}


def has_field(dialect: str, name: str) -> bool:
    return any(field.name == name for field in MANIFEST_FORMATS[dialect].fields)


@pytest.mark.parametrize("dialect", FOREIGN)
@pytest.mark.parametrize("name", INVALID)
def test_foreign_formats_drop_an_invalid_value_with_a_warning(dialect, name):
    """Their hosts accept it, so the plugin works."""
    if not has_field(dialect, name):
        pytest.fail(f"{dialect} has no `{name}`; choose a field that every format has")
    value, field, code = INVALID[name]
    parsed = parse(dialect, **{name: value})
    (warning,) = (each for each in parsed.warnings if each.field.startswith(name))
    assert (warning.field, warning.code) == (field, code)
    assert warning.detail.endswith("; it is ignored")
    assert warning.found
    assert warning.line
    assert not parsed.manifest.as_dict().get(name) or name == "author"


@pytest.mark.parametrize("dialect", STRICT)
@pytest.mark.parametrize("name", INVALID)
def test_strict_formats_refuse_an_invalid_value(dialect, name):
    value, field, code = INVALID[name]
    if name == "author":
        value, field = {"name": "Example", "email": "[email protected]"}, "author.email"
    assert list_error_codes(dialect, **{name: value}) == [(field, code)]


def test_the_other_members_of_an_author_stay():
    author = {"name": "Example", "email": "[email protected]", "url": "https://h.example/"}
    parsed = parse("claude", author=author).manifest.author
    assert parsed is not None
    assert (parsed.name, parsed.email, parsed.url) == ("Example", None, "https://h.example/")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"description": "Safe \u202e elif"}, "unsafe-character"),
        ({"author": {"name": "A\u200bda"}}, "unsafe-character"),
        ({"homepage": "https://user:word@h.example/"}, "invalid-url"),
        ({"repository": "https://user:word@h.example/a"}, "invalid-url"),
    ],
)
def test_what_deceives_or_discloses_is_an_error_in_every_format(fields, code):
    assert [error.code for error in list_errors("claude", **fields)] == [code]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "Bad Name"}, "invalid-name"),
        ({"version": "one"}, "invalid-version"),
        ({"commands": "../x"}, "unsafe-path"),
        ({"dependencies": {"x": "?"}}, "invalid-range"),
        ({"permissions": {"network": [1]}}, "wrong-type"),
        ({"hooks": 5}, "wrong-type"),
    ],
)
def test_fields_that_act_stay_errors(fields, code):
    """After a descriptive field as well: tolerance ends with the field."""
    fields = {"author": "Example <[email protected]>", **fields}
    assert [error.code for error in list_errors("claude", **fields)] == [code]
