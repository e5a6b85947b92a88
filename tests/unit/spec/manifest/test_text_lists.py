"""A text where a list belongs."""

from __future__ import annotations

import pytest

from tests.unit.spec.manifest.helpers import list_error_codes, list_warnings, parse


@pytest.mark.parametrize(
    ("dialect", "field"),
    [
        ("claude", "keywords"),
        ("claude", "tags"),
        ("claude", "category"),
        ("donkeylabs", "keywords"),
        ("agent-relay", "tags"),
        ("cortex", "categories"),
        ("omnibase", "tags"),
        ("plugport", "tags"),
        ("plugport", "categories"),
    ],
)
def test_labels_are_split_at_commas_with_a_warning(dialect: str, field: str) -> None:
    parsed = parse(dialect, **{field: "Alpha, beta words,,alpha"})
    (warning,) = parsed.warnings
    assert (warning.field, warning.code) == (field, "text-instead-of-list")
    assert warning.detail.endswith("it is read as 3, split at the commas")
    manifest = parsed.manifest
    assert manifest.tags + manifest.categories == ("alpha", "beta-words")


def test_one_word_is_a_list_of_one() -> None:
    assert list_warnings("claude", keywords="alpha beta") == []
    assert parse("claude", keywords="alpha beta").manifest.tags == ("alpha-beta",)


@pytest.mark.parametrize("name", ["filesystem", "network", "exec", "env", "components"])
def test_permissions_in_one_text_are_an_error(name: str) -> None:
    """No meaning of the text is safe to assume."""
    assert list_error_codes("plugport", permissions={name: "read:./a, write:./b"}) == [
        (f"permissions.{name}", "text-instead-of-list")
    ]


def test_other_texts_with_commas_are_reported() -> None:
    fields = {"commands": "./a.md,./b.md"}
    assert list_warnings("claude", **fields) == [("commands", "text-instead-of-list")]
    assert list_warnings("plugport", kind="service", instructions="First, do this.") == []
